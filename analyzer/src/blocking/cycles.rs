//! Cycles of requests, short ones first, each entered at its smallest id.

use crate::blocking::graph::{Distances, Graph};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::requests::RequestId;

/// How a search ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Search {
    /// All cycles were seen.
    Complete,
    /// `visit` had enough.
    Stopped,
    /// The steps were used up, within cycles of this length.
    Cut(usize),
}

/// Searches simple cycles of pairwise compatible requests.
pub(super) struct Cycles<'l, 'a> {
    links: &'l Links<'a>,
    kinds: Kinds,
    graph: Graph,
    steps: u64,
}

impl<'l, 'a> Cycles<'l, 'a> {
    /// Looks at `steps` edges at most.
    pub(super) fn new(links: &'l Links<'a>, kinds: Kinds, steps: u64) -> Self {
        Self { links, kinds, graph: Graph::new(links, kinds), steps }
    }

    /// Calls `visit` with every cycle of 2 to `longest` requests, until it returns false. With [`Kinds::All`], cycles
    /// of [`Kinds::Owned`] alone are left out.
    pub(super) fn run(&mut self, longest: usize, mut visit: impl FnMut(&[RequestId]) -> bool) -> Search {
        let starts: Vec<RequestId> =
            self.links.requests.ids().filter(|&id| self.graph.component(id).is_some()).collect();
        if starts.is_empty() {
            return Search::Complete;
        }
        let mut path = Vec::with_capacity(longest);
        let mut distances = Distances::default();
        for length in 2..=longest.min(usize::from(u8::MAX) - 1) {
            for &start in &starts {
                // Of two, the last step is all there is to check; further out, dead ends have to be known beforehand.
                if length > 2 {
                    let edges = self.graph.distances_to(start, length as u8, &mut distances);
                    self.steps = self.steps.saturating_sub(edges);
                }
                path.clear();
                path.push(start);
                let distances = (length > 2).then_some(&distances);
                match self.extend(&mut path, length, distances, &mut visit) {
                    Step::Go => {}
                    Step::Stop => return Search::Stopped,
                }
                if self.steps == 0 {
                    return Search::Cut(length);
                }
            }
        }
        Search::Complete
    }

    fn extend(
        &mut self,
        path: &mut Vec<RequestId>,
        length: usize,
        distances: Option<&Distances>,
        visit: &mut impl FnMut(&[RequestId]) -> bool,
    ) -> Step {
        let links = self.links;
        let (start, last) = (path[0], path[path.len() - 1]);
        let component = self.graph.component(start);
        let left = length - path.len();
        let mut outcome = Step::Go;
        links.walk(last, self.kinds, |next| {
            self.steps = self.steps.saturating_sub(1);
            if self.steps == 0 {
                return false;
            }
            let near = distances.is_none_or(|distances| usize::from(distances.get(next)) <= left);
            if next <= start || !near || self.graph.component(next) != component {
                return true;
            }
            let closes = left > 1 || links.may_depend(next, start, self.kinds);
            if !closes || path.iter().any(|&other| !links.compatible(next, other)) {
                return true;
            }
            path.push(next);
            if left > 1 {
                outcome = self.extend(path, length, distances, visit);
            } else if (self.kinds == Kinds::Owned || !self.is_owned(path)) && !visit(path) {
                outcome = Step::Stop;
            }
            path.pop();
            outcome == Step::Go
        });
        outcome
    }

    /// Whether no step of the cycle needs a provider.
    fn is_owned(&self, path: &[RequestId]) -> bool {
        let next = path.iter().cycle().skip(1);
        path.iter().zip(next).all(|(&one, &other)| self.links.may_depend(one, other, Kinds::Owned))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Go,
    Stop,
}
