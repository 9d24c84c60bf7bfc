//! What comes of one function and many arguments.

use std::fmt;
use std::panic::Location;
use std::vec;

use super::future::Future;
use super::task::TaskError;
use crate::engine::Site;

/// The results of [`ThreadPool::map`](super::ThreadPool::map), in the order of what they were asked of: each is waited for
/// when it comes to it. Tasks that have not begun when this is dropped are cancelled, as in Python.
#[must_use = "what nobody asks for is cancelled"]
pub struct Results<T: Send> {
    futures: vec::IntoIter<Future<T>>,
    site: Site,
}

impl<T: Send> Results<T> {
    pub(super) fn new(futures: Vec<Future<T>>, site: Site) -> Self {
        Self { futures: futures.into_iter(), site }
    }
}

impl<T: Send> Iterator for Results<T> {
    type Item = Result<T, TaskError>;

    #[track_caller]
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.futures.next()?.result_at(Location::caller()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.futures.size_hint()
    }
}

impl<T: Send> ExactSizeIterator for Results<T> {}

impl<T: Send> Drop for Results<T> {
    fn drop(&mut self) {
        for future in self.futures.as_slice().iter().rev() {
            future.cancel_at(self.site);
        }
    }
}

impl<T: Send> fmt::Debug for Results<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.futures.as_slice()).finish()
    }
}
