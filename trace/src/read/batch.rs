//! Events in bulk: what a call costs is shared by many of them.

use crate::event::Event;
use crate::op::{Op, Refusal};
use crate::read::source::{Place, ReadError};

/// Events in their order, and where each stands in its file.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    events: Vec<Event>,
    places: Vec<Place>,
}

impl Batch {
    /// How many events are decoded at once: few enough to stay in the nearest cache until they are validated.
    pub const SIZE: usize = 256;

    /// The events.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Where each of the events stands.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Appends an event.
    #[inline]
    pub fn push(&mut self, event: Event, place: Place) {
        self.events.push(event);
        self.places.push(place);
    }

    /// Says of the event at `index` whether what it asks for was refused, whatever it said so far.
    pub(crate) fn settle(&mut self, index: usize, refused: bool) {
        let event = &mut self.events[index];
        let asked = event.op.asked();
        event.op = match Refusal::of(&asked) {
            Some(what) if refused => Op::Refused { what },
            _ => asked,
        };
    }

    /// Keeps the first `length` events.
    pub fn truncate(&mut self, length: usize) {
        self.events.truncate(length);
        self.places.truncate(length);
    }

    /// Forgets all events, but keeps their memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Moves the events of `other` behind those that there are, without copying where there are none.
    pub(crate) fn take_over(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else {
            self.events.append(&mut other.events);
            self.places.append(&mut other.places);
        }
    }

    /// Makes room for as many events as are decoded at once.
    pub(crate) fn reserve(&mut self) {
        self.events.reserve(Self::SIZE);
        self.places.reserve(Self::SIZE);
    }
}

/// Hands a batch out event by event.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    batch: Batch,
    /// The event to be handed out next.
    next: usize,
    /// What comes behind the batch, if that is known and was not told yet.
    ending: Option<Result<(), ReadError>>,
}

impl Pending {
    /// The next event; `refill` is asked when there is none left.
    #[inline]
    pub(crate) fn next(
        &mut self,
        refill: impl FnOnce(&mut Batch) -> Result<bool, ReadError>,
    ) -> Result<Option<Event>, ReadError> {
        if self.next == self.batch.len() {
            self.refill(refill);
        }
        match self.batch.events.get(self.next) {
            Some(event) => {
                self.next += 1;
                Ok(Some(*event))
            }
            None => self.ending.take().unwrap_or(Ok(())).map(|()| None),
        }
    }

    #[cold]
    fn refill(&mut self, refill: impl FnOnce(&mut Batch) -> Result<bool, ReadError>) {
        self.batch.clear();
        self.next = 0;
        if self.ending.is_none() {
            self.ending = match refill(&mut self.batch) {
                Ok(true) => None,
                Ok(false) => Some(Ok(())),
                Err(error) => Some(Err(error)),
            };
        }
    }

    /// Moves what is left behind `batch`, for a caller that goes on in bulk; none if there was nothing.
    pub(crate) fn drain(&mut self, batch: &mut Batch) -> Option<Result<bool, ReadError>> {
        let ending = self.ending.take();
        if self.next == self.batch.len() && ending.is_none() {
            return None;
        }
        batch.events.extend_from_slice(&self.batch.events[self.next..]);
        batch.places.extend_from_slice(&self.batch.places[self.next..]);
        self.batch.clear();
        self.next = 0;
        Some(ending.map_or(Ok(true), |ending| ending.map(|()| false)))
    }

    /// Where the event handed out last stands.
    pub(crate) fn place(&self) -> Option<Place> {
        self.batch.places.get(self.next.checked_sub(1)?).copied()
    }
}
