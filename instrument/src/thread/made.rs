//! Threads that are made before they are spawned.

use std::io;

use super::builder::Builder;
use super::child::{End, Unborn};
use super::join_handle::JoinHandle;
use crate::engine::{Site, ThreadTicket, making, spawning_made};

/// A thread that is made, and known to the recorder, and not spawned.
pub(crate) struct Made {
    ticket: ThreadTicket,
}

impl Made {
    pub(crate) fn new(name: &str, site: Site) -> Self {
        Self { ticket: making(name, site) }
    }

    /// Spawns it, which may be done once. If the operating system refuses, it ends without having begun.
    pub(crate) fn spawn(
        &self,
        name: &str,
        site: Site,
        f: impl FnOnce() + Send + 'static,
    ) -> io::Result<(JoinHandle<()>, End)> {
        let unborn = Unborn::announced(spawning_made(self.ticket, name, site));
        let handle = Builder::new().name(name.to_owned()).spawn_announced(unborn, f)?;
        let end = handle.end();
        Ok((handle, end))
    }
}
