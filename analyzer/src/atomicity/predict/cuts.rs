//! What the searches left out, and what a user can do about it.

pub(super) const TIME: &str = "the time was up";
pub(super) const STEPS: &str = "it takes too many steps (`--limit pair-checks`)";

/// Why a search did not go on to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Cut {
    /// Too much was tried in vain.
    pub(super) tries: bool,
    /// There were too many ways to arrange a schedule.
    pub(super) ways: bool,
    /// There were too few steps left.
    pub(super) steps: bool,
    /// The time was up.
    pub(super) time: bool,
}

impl Cut {
    pub(super) const fn any(self) -> bool {
        self.tries || self.ways || self.steps || self.time
    }
}

/// How many searches were cut, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Cuts {
    tries: usize,
    ways: usize,
    steps: usize,
    time: usize,
    /// Objects that were not looked at.
    pub(super) objects: usize,
    /// Why not everything was looked at that could surround accesses of a declared region, if so.
    pub(super) regions: Option<&'static str>,
}

impl Cuts {
    /// Takes up a search: it counts under the first reason only, the one to begin with.
    pub(super) fn add(&mut self, cut: Cut) {
        let count = match cut {
            Cut { time: true, .. } => &mut self.time,
            Cut { steps: true, .. } => &mut self.steps,
            Cut { tries: true, .. } => &mut self.tries,
            Cut { ways: true, .. } => &mut self.ways,
            Cut { .. } => return,
        };
        *count += 1;
    }

    /// One sentence a reason.
    pub(super) fn report(&self, limits: &mut Vec<String>) {
        let pairs = |count: usize| {
            if count == 1 { "one pair of accesses".to_owned() } else { format!("{count} pairs of accesses") }
        };
        let because = [
            (self.time, TIME),
            (self.steps, STEPS),
            (self.tries, "too many schedules were searched in vain (`--limit pair-tries`)"),
            (self.ways, "such schedules can be arranged in too many ways (`--limit pair-ways`)"),
        ];
        let cut = because.iter().filter(|(count, _)| *count > 0);
        limits.extend(cut.map(|&(count, why)| {
            format!("what else could come between {} was not searched to the end: {why}", pairs(count))
        }));
        limits.extend(self.regions.map(|why| {
            format!("not all that could come between accesses of a declared region to different objects was looked at: {why}")
        }));
        if self.objects > 0 {
            let objects =
                if self.objects == 1 { "one more object".to_owned() } else { format!("{} more objects", self.objects) };
            limits.push(format!("other schedules were not searched for lost updates of {objects}: the time was up"));
        }
    }
}
