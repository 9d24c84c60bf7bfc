//! Permits of semaphores as locks: each acquire takes tokens, each release gives tokens back or makes new ones.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, ObjectKind, Tables, ThreadId, Touched};

use super::rows::Known;
use crate::by_object::ByObject;
use crate::model::{Hold, LockId};

/// More permits than one event may take: of a semaphore used like that no tokens are told apart any more.
const MANY: u32 = 1 << 10;

/// All tokens that were ever taken, and who holds them.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
    semaphores: ByObject<Semaphore>,
    /// The first token's id.
    first: u32,
    /// All holds of tokens, in the order in which they began.
    pub(super) holds: Vec<Hold>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Token {
    /// The release without an acquire that made it.
    made: Option<Known>,
    /// The last release.
    freed: Option<Known>,
}

#[derive(Debug, Default)]
struct Semaphore {
    /// Permits that it had at creation and that nobody has taken yet; none before its first operation.
    untouched: Option<u32>,
    /// In the order in which they were given back.
    free: Vec<u32>,
    /// Whose each token that is taken is, and its hold.
    taken: Vec<Taken>,
    given_up: bool,
}

#[derive(Clone, Copy, Debug)]
struct Taken {
    thread: ThreadId,
    token: u32,
    hold: u32,
    by: Known,
}

impl Tokens {
    /// Tokens get the ids from `first` on.
    pub(super) fn new(first: u32) -> Self {
        Self { first, ..Self::default() }
    }

    /// How many tokens there are.
    pub(super) fn count(&self) -> usize {
        self.tokens.len()
    }

    /// About how much memory tokens and their holds take, now and in the index.
    pub(super) fn bytes(&self) -> u64 {
        (self.holds.len() * 3 * size_of::<Hold>() + self.tokens.len() * size_of::<Token>()) as u64
    }

    /// Takes `n` permits by the event `by`, recorded at `at`. `knows` says whether the thread comes after an event in any
    /// case. Returns what made the tokens: that must have happened before.
    pub(super) fn acquire(
        &mut self,
        tables: &Tables,
        semaphore: ObjectId,
        (n, how): (u32, How),
        (by, at): (Known, EventIndex),
        knows: impl Fn(Known) -> bool,
    ) -> Vec<Known> {
        let Self { tokens, semaphores, first, holds } = self;
        let state = semaphores.get_or_default(semaphore);
        state.given_up |= n > MANY;
        if state.given_up {
            return Vec::new();
        }
        let mut made = Vec::new();
        for _ in 0..n {
            let Some(token) = state.take(tables, semaphore, by.thread(), tokens, &knows) else { break };
            made.extend(tokens[token as usize].made);
            state.taken.push(Taken { thread: by.thread(), token, hold: narrow(holds.len()), by });
            holds.push(Hold {
                lock: LockId(*first + token),
                object: semaphore,
                thread: by.thread(),
                acquire: by.loc,
                acquired: at,
                release: None,
                mode: Mode::Write,
                how,
                // Permits carry no data.
                touched: Touched::None,
            });
        }
        made
    }

    /// Gives `n` permits back at `by`: what the thread took last, then new ones.
    pub(super) fn release(&mut self, tables: &Tables, semaphore: ObjectId, n: u32, by: Known) {
        let Self { tokens, semaphores, holds, .. } = self;
        let state = semaphores.get_or_default(semaphore);
        state.begin(tables, semaphore);
        state.given_up |= n > MANY;
        if state.given_up {
            return;
        }
        for _ in 0..n {
            let token = match state.taken.iter().rposition(|taken| taken.thread == by.thread()) {
                Some(position) => {
                    let taken = state.taken.remove(position);
                    holds[taken.hold as usize].release = Some(by.loc);
                    taken.token
                }
                None => {
                    tokens.push(Token { made: Some(by), freed: None });
                    narrow(tokens.len() - 1)
                }
            };
            tokens[token as usize].freed = Some(by);
            state.free.push(token);
        }
    }

    /// The acquires of all permits that are taken now.
    pub(super) fn taken(&self, semaphore: ObjectId) -> Vec<Known> {
        let state = self.semaphores.get(semaphore);
        state.map_or_else(Vec::new, |state| state.taken.iter().map(|taken| taken.by).collect())
    }
}

impl Semaphore {
    fn begin(&mut self, tables: &Tables, semaphore: ObjectId) -> &mut u32 {
        self.untouched.get_or_insert_with(|| match tables.object(semaphore).kind {
            ObjectKind::Semaphore { permits, .. } => permits,
            _ => 0,
        })
    }

    /// One that this thread had last; one that nobody had; one that was given back before in any case; the one that was
    /// given back first.
    fn take(
        &mut self,
        tables: &Tables,
        semaphore: ObjectId,
        thread: ThreadId,
        tokens: &mut Vec<Token>,
        knows: impl Fn(Known) -> bool,
    ) -> Option<u32> {
        let freed = |token: &u32| tokens[*token as usize].freed;
        let own = self.free.iter().rposition(|token| freed(token).is_some_and(|freed| freed.thread() == thread));
        if own.is_none() {
            let untouched = self.begin(tables, semaphore);
            if let Some(left) = untouched.checked_sub(1) {
                *untouched = left;
                tokens.push(Token::default());
                return Some(narrow(tokens.len() - 1));
            }
        }
        let known = || self.free.iter().position(|token| freed(token).is_some_and(&knows));
        let position = own.or_else(known).or(if self.free.is_empty() { None } else { Some(0) })?;
        Some(self.free.remove(position))
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("fewer holds than memory can take")
}
