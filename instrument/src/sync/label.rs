//! What a user may call a lock, and where it stands in the declared order.

use crate::engine::Object;

/// The name and level given at construction.
#[derive(Clone, Copy)]
pub(crate) struct Label {
    /// Shown in reports.
    pub(crate) name: &'static str,
    /// Locks must be taken in increasing level.
    pub(crate) level: Option<i64>,
}

impl Label {
    /// Puts the label on.
    pub(super) const fn on(self, object: Object) -> Object {
        let object = object.named(self.name);
        match self.level {
            Some(level) => object.levelled(level),
            None => object,
        }
    }
}
