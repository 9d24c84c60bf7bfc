//! Who touches what, and until when.

use crate::blocking::orders::program::{ActorId, Program, ThingId};
use crate::blocking::orders::touch::Touch;

/// Of each thing, by actor, after how many of its acts the last touch of each kind is done; 0 if there is none.
#[derive(Debug)]
pub(super) struct Reach(Vec<Vec<(ActorId, [u32; Touch::ALL.len()])>>);

impl Reach {
    pub(super) fn new(program: &Program<'_>) -> Self {
        let mut reach = Self(vec![Vec::new(); program.things.len()]);
        for actor in program.actors() {
            for (acts, act) in (1..).zip(program.acts(actor)) {
                for (thing, touch) in act.touches.into_iter().flatten() {
                    let users = &mut reach.0[thing.index()];
                    if users.last().is_none_or(|last| last.0 != actor) {
                        users.push((actor, [0; Touch::ALL.len()]));
                    }
                    if let Some((_, last)) = users.last_mut() {
                        last[touch as usize] = acts;
                    }
                }
            }
        }
        reach
    }

    /// The actors that still touch the thing in a way that `matters`, `acted` being how far each has got.
    pub(super) fn touching(
        &self,
        thing: ThingId,
        acted: impl Fn(ActorId) -> u32,
        matters: impl Fn(Touch) -> bool,
    ) -> impl Iterator<Item = ActorId> {
        self.0[thing.index()].iter().filter_map(move |&(actor, ref last)| {
            let acted = acted(actor);
            let still = Touch::ALL.iter().zip(last).any(|(&touch, &acts)| acts > acted && matters(touch));
            still.then_some(actor)
        })
    }
}
