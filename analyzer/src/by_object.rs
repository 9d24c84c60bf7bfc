//! State for those objects that need some.

use lockhound_trace::ObjectId;

/// A dense map from objects to `T`: no hashing, and no room for a `T` that was never asked for.
#[derive(Debug)]
pub(crate) struct ByObject<T> {
    /// Where an object's value is in `values`, counted from 1; 0 = it has none.
    slots: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for ByObject<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), values: Vec::new() }
    }
}

impl<T: Default> ByObject<T> {
    /// The object's value, made when first asked for.
    pub(crate) fn get_or_default(&mut self, object: ObjectId) -> &mut T {
        let index = object.index();
        if self.slots.len() <= index {
            self.slots.resize(index + 1, 0);
        }
        if self.slots[index] == 0 {
            self.values.push(T::default());
            self.slots[index] = u32::try_from(self.values.len()).expect("no more values than objects");
        }
        &mut self.values[self.slots[index] as usize - 1]
    }

    /// The object's value, if it was ever asked for.
    pub(crate) fn get(&self, object: ObjectId) -> Option<&T> {
        let slot = self.slots.get(object.index()).copied().unwrap_or(0);
        (slot > 0).then(|| &self.values[slot as usize - 1])
    }
}
