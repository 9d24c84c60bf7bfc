//! The words for what is stuck at the end of the trace.

use lockhound_trace::{Mode, ObjectId, ObjectKind, Request, ThreadId};

use crate::analysis::End;
use crate::deadlock::state::{Lost, State, States};
use crate::deadlock::wait_for::{Cause, Stuck, WaitFor};
use crate::finding::{Evidence, Finding, Mark, Refutation, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::prose;

/// Everything a description of the end needs.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) end: End<'a>,
    pub(crate) states: &'a States,
    pub(crate) relation: &'a WaitFor,
}

impl Scene<'_> {
    /// Threads that wait for one another.
    pub(crate) fn deadlock(&self, members: &[usize], hangers_on: &[usize]) -> Finding {
        let order = self.round(members);
        let mut finding = self.finding(Rule::Deadlock, Severity::Error, &order);
        let names = prose::threads(self.end.tables, &finding.threads);
        let others = prose::each_other(order.len());
        finding.message = if finding.objects.is_empty() {
            format!("{names} wait for {others} to end")
        } else {
            format!("{}: {names} wait for {others}", prose::objects(self.end.tables, &finding.objects))
        };
        finding.notes.push(format!(
            "when the recording ended, each of them was waiting for another of them, and {}",
            if self.only_locks_and_joins(&order) {
                "whoever holds a lock while it waits cannot release it"
            } else {
                "nobody else was left who could have helped"
            }
        ));
        self.mention(&mut finding, hangers_on);
        finding.help.push(self.help_for_deadlock(&order));
        finding
    }

    /// A thread that waits for itself.
    pub(crate) fn self_deadlock(&self, member: usize, hangers_on: &[usize]) -> Finding {
        let stuck = &self.relation.stuck[member];
        let mut finding = self.finding(Rule::SelfDeadlock, Severity::Error, &[member]);
        let who = prose::thread(self.end.tables, stuck.thread);
        let what = prose::objects(self.end.tables, &finding.objects);
        let held = stuck.object().and_then(|lock| self.end.holds.find(stuck.thread, lock));
        finding.message = match (stuck.blocked.on, held) {
            (Request::AcquirePermits { .. }, _) => format!("{who} waits for permits of {what} that only it has"),
            (Request::Acquire { mode, .. }, Some(held)) if held.mode != Mode::Write || mode != Mode::Write => {
                let first = if held.mode == Mode::Write { "write-locked" } else { "read-locked" };
                let then = if mode == Mode::Write { "write-lock" } else { "read-lock" };
                format!("{who} has {first} {what} and waits to {then} it")
            }
            _ => format!("{who} waits for {what}, which it holds itself"),
        };
        finding.notes.push("it happens whenever this code runs: no other thread is needed".into());
        self.mention(&mut finding, hangers_on);
        finding.help.push(match stuck.blocked.on {
            Request::AcquirePermits { .. } => {
                format!("take all permits of {what} at once, or give back before taking more")
            }
            _ => format!(
                "release {what} first, hand the guard on instead of locking again, or split off an inner function that \
                 expects the lock to be held"
            ),
        });
        finding
    }

    /// Threads that wait, at one place, for what nobody is left to provide.
    pub(crate) fn blocked_forever(&self, members: &[usize], hangers_on: &[usize]) -> Finding {
        let stuck = &self.relation.stuck[members[0]];
        let mut finding = self.finding(Rule::BlockedForever, Severity::Warning, members);
        // How many wait there, and from which files, is not what makes it the same bug.
        finding.fingerprint = FingerprintBuilder::new(self.end.tables, Rule::BlockedForever)
            .part(stuck.blocked.on.name(), stuck.object(), None, [])
            .finish();
        let names = prose::threads(self.end.tables, &finding.threads);
        let verb = if finding.threads.len() == 1 { "waits" } else { "wait" };
        let reason = self.reason(stuck);
        finding.message = match stuck.object() {
            Some(object) => {
                format!("{names} {verb} for ever at {}: {reason}", prose::object(self.end.tables, object))
            }
            None => format!("{names} {verb} for ever: {reason}"),
        };
        finding.notes.push(
            "not a deadlock: no thread here waits for one that waits for it; what is missing is somebody who provides \
             it, and no such thread is left"
                .into(),
        );
        finding.notes.extend(self.who_could_have(members));
        self.mention(&mut finding, hangers_on);
        finding.help.extend(self.help_for_waiting(stuck.blocked.on));
        finding
    }

    /// The same of threads in the background, which the end of the process cut off while they waited.
    pub(crate) fn cut_off(&self, members: &[usize]) -> Refutation {
        let finding = self.blocked_forever(members, &[]);
        let (whom, verb) = if members.len() == 1 { ("it", "waits") } else { ("them", "wait") };
        Refutation {
            rule: Rule::BlockedForever,
            message: finding.message.replacen(
                &format!(" {verb} for ever"),
                &format!(" {verb} when the process ends"),
                1,
            ),
            reason: format!(
                "the main thread ended, and the process with it: that cut {whom} off, as background threads are"
            ),
            threads: finding.threads,
            objects: finding.objects,
            steps: finding.steps,
        }
    }

    /// Threads whose notification came before they waited for it, and threads that would have notified them and wait there,
    /// too.
    pub(crate) fn lost_wakeup(&self, members: &[usize], hangers_on: &[usize]) -> Finding {
        let tables = self.end.tables;
        let missed = |&member: &usize| self.missed(&self.relation.stuck[member]);
        let (victims, others): (Vec<usize>, Vec<usize>) = members.iter().partition(|member| missed(member).is_some());
        let mut finding = self.finding(Rule::LostWakeup, Severity::Error, &[&victims[..], &others].concat());
        let mut fingerprint = FingerprintBuilder::new(tables, Rule::LostWakeup);
        for step in &finding.steps {
            fingerprint.part("wait", step.object, step.site, []);
        }
        for (step, lost) in finding.steps.iter_mut().zip(victims.iter().filter_map(missed)) {
            fingerprint.part(lost.op, step.object, lost.site, []);
            let condvar = step.object.map_or_else(String::new, |object| prose::object(tables, object));
            let who = prose::thread(tables, lost.thread);
            let label = format!("{who} notifies {condvar} here, before that");
            step.marks.push(Mark { site: lost.site, event: lost.event, label });
        }
        finding.fingerprint = fingerprint.finish();
        let by = prose::sorted(victims.iter().filter_map(missed).map(|lost| lost.thread).collect());
        let waiters = prose::sorted(victims.iter().map(|&victim| self.relation.stuck[victim].thread).collect());
        let condvar = prose::objects(tables, &finding.objects);
        let waits = if waiters.len() == 1 { "waits" } else { "wait" };
        let waiters = prose::threads(tables, &waiters);
        finding.message = format!(
            "{} notified {condvar} before {waiters} waited for it: {waiters} {waits} for ever",
            prose::threads(tables, &by)
        );
        finding.notes.push(format!(
            "a condition variable remembers nothing: a notification that finds nobody waiting is gone, and nobody is left to \
             notify {condvar} again"
        ));
        self.mention(&mut finding, hangers_on);
        finding.help.push(format!(
            "wait for a condition, not for the notification: change it under the lock before notifying {condvar}, and check \
             it under the same lock before waiting"
        ));
        finding
    }

    /// The notification that came before the wait that it was for.
    fn missed(&self, stuck: &Stuck) -> Option<&Lost> {
        match (stuck.blocked.on, stuck.object().and_then(|object| self.states.of(object))) {
            (Request::Wait { .. }, Some(State::Condvar(state))) => state.missed(stuck.thread),
            _ => None,
        }
    }

    /// The members in the order of the circle, from the first thread on, as far as there is one circle.
    fn round(&self, members: &[usize]) -> Vec<usize> {
        let mut left = members.to_vec();
        let mut order = Vec::with_capacity(left.len());
        let mut next = left.first().copied();
        while let Some(node) = next {
            left.retain(|&other| other != node);
            order.push(node);
            next = self.relation.waits[node].on().iter().copied().find(|other| left.contains(other));
            next = next.or_else(|| left.first().copied());
        }
        order
    }

    fn only_locks_and_joins(&self, members: &[usize]) -> bool {
        members.iter().all(|&member| !matches!(self.relation.stuck[member].cause, Cause::Provision(_)))
    }

    fn finding(&self, rule: Rule, severity: Severity, members: &[usize]) -> Finding {
        let stuck: Vec<&Stuck> = members.iter().map(|&member| &self.relation.stuck[member]).collect();
        let objects = prose::sorted(stuck.iter().filter_map(|one| one.object()).collect());
        let mut fingerprint = FingerprintBuilder::new(self.end.tables, rule);
        for one in &stuck {
            // What else is held by chance is no part of the bug.
            let held = self.end.holds.of(one.thread).iter().map(|held| held.lock).filter(|lock| objects.contains(lock));
            fingerprint.part(one.blocked.on.name(), one.object(), one.blocked.site, held);
        }
        Finding {
            rule,
            evidence: Evidence::Observed,
            severity,
            fingerprint: fingerprint.finish(),
            message: String::new(),
            pattern: None,
            region: None,
            threads: prose::sorted(stuck.iter().map(|one| one.thread).collect()),
            objects,
            steps: stuck.iter().map(|one| self.step(one)).collect(),
            witness: None,
            occurrences: 1,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    pub(super) fn step(&self, stuck: &Stuck) -> Step {
        let holds = prose::holds(self.end.holds.of(stuck.thread));
        let who = prose::thread(self.end.tables, stuck.thread);
        let what = self.what_it_waits_for(stuck);
        let held: Vec<ObjectId> = holds.iter().map(|hold| hold.object).collect();
        let story = if held.is_empty() {
            format!("{who} waits for {what}")
        } else {
            format!("{who} holds {} and waits for {what}", prose::objects(self.end.tables, &held))
        };
        Step {
            thread: stuck.thread,
            op: stuck.blocked.on.name(),
            object: stuck.object(),
            site: stuck.blocked.site,
            event: stuck.blocked.event,
            label: format!("{}waits here for {what}", if holds.is_empty() { "" } else { "and " }),
            holds,
            stack: stuck.blocked.stack,
            marks: Vec::new(),
            story,
        }
    }

    /// "`b`, which `worker-3` holds".
    fn what_it_waits_for(&self, stuck: &Stuck) -> String {
        let tables = self.end.tables;
        let object = stuck.object().map_or_else(String::new, |object| prose::object(tables, object));
        match &stuck.cause {
            Cause::Child(child) => format!("the end of {}", prose::thread(tables, *child)),
            Cause::Runner(runner) => {
                format!("{object} to be initialised, which {} has begun", prose::thread(tables, *runner))
            }
            Cause::Lock { holders, queued } => self.whose(stuck, holders, queued),
            Cause::Provision(_) => match stuck.blocked.on {
                Request::Recv { .. } => format!("a message from {object}"),
                Request::Send { channel } if self.capacity(channel) == Some(0) => {
                    format!("somebody to receive from {object}")
                }
                Request::Send { .. } => format!("room in {object}, which is full"),
                Request::Wait { .. } => format!("a notification of {object}"),
                Request::Pass { .. } => format!("the other parties of {object}"),
                Request::AcquirePermits { n: 1, .. } => format!("a permit of {object}"),
                Request::AcquirePermits { n, .. } => format!("{n} permits of {object}"),
                Request::Await { object: awaited } => match tables.object(awaited).kind {
                    ObjectKind::Waitgroup { .. } => format!("{object} to reach zero"),
                    _ => format!("{object} to be set"),
                },
                _ => object,
            },
        }
    }

    /// "`b`, which `worker-3` holds" of a lock.
    fn whose(&self, stuck: &Stuck, holders: &[ThreadId], queued: &[ThreadId]) -> String {
        let tables = self.end.tables;
        let (lock, again) = match stuck.blocked.on {
            Request::Acquire { lock, .. } => (lock, ""),
            Request::Wake { lock, .. } => (lock, " (to return from its wait)"),
            _ => return String::new(),
        };
        let lock = prose::object(tables, lock);
        if holders == [stuck.thread] {
            return format!("{lock}, which it holds itself");
        }
        let verb = |threads: &[ThreadId], one: &'static str, many: &'static str| {
            if threads.len() == 1 { one } else { many }
        };
        if holders.is_empty() {
            let verb = verb(queued, "is", "are");
            return format!("{lock}, for which {} {verb} queued to write", prose::threads(tables, queued));
        }
        format!("{lock}{again}, which {} {}", prose::threads(tables, holders), verb(holders, "holds", "hold"))
    }

    /// Adds the threads that are stuck only because those of the finding are.
    fn mention(&self, finding: &mut Finding, hangers_on: &[usize]) {
        let tables = self.end.tables;
        for &position in hangers_on {
            let stuck = &self.relation.stuck[position];
            let at = stuck.blocked.site.map_or_else(String::new, |site| format!(", at {}", tables.site(site)));
            finding.notes.push(format!(
                "also waiting: {}, for {}{at}",
                prose::thread(tables, stuck.thread),
                self.what_it_waits_for(stuck)
            ));
        }
    }

    fn help_for_deadlock(&self, members: &[usize]) -> String {
        let tables = self.end.tables;
        let requests = || members.iter().map(|&member| &self.relation.stuck[member]);
        let held: Vec<ObjectId> =
            prose::sorted(requests().flat_map(|stuck| self.end.holds.of(stuck.thread)).map(|held| held.lock).collect());
        if requests().all(|stuck| matches!(stuck.cause, Cause::Lock { .. })) {
            let locks = prose::sorted(requests().filter_map(|stuck| stuck.object()).collect());
            return match locks.as_slice() {
                [lock] => format!(
                    "do not lock {} again while holding it: a writer that queues in between stops the second read",
                    prose::object(tables, *lock)
                ),
                _ => format!(
                    "lock {} in one order everywhere, or release the one before taking the other",
                    prose::objects(tables, &locks)
                ),
            };
        }
        if held.is_empty() {
            let unfed = requests().find_map(|stuck| match stuck.blocked.on {
                Request::Recv { channel } => Some(channel),
                _ => None,
            });
            match unfed.filter(|_| requests().any(|stuck| matches!(stuck.blocked.on, Request::Join { .. }))) {
                Some(channel) => format!(
                    "close {}, or drop what sends to it, before waiting for the thread that receives from it",
                    prose::object(tables, channel)
                ),
                None => {
                    "let one of them go on without the other: decide who waits for whom, and stop the other one first"
                        .to_owned()
                }
            }
        } else {
            format!(
                "release {} before waiting: a thread that waits for another must not hold what that one needs",
                prose::objects(tables, &held)
            )
        }
    }

    fn help_for_waiting(&self, request: Request) -> Option<String> {
        let object = prose::object(self.end.tables, request.object()?);
        Some(match request {
            Request::Wait { .. } => format!(
                "wait for a condition, not for the notification: check it under the lock before waiting on {object}, and \
                 tell the waiters of {object} when no more will come"
            ),
            Request::Recv { .. } => format!(
                "send to {object} as often as is received from it, or say when no more will come: by closing its sending side, \
                 if it has one, or by a last message"
            ),
            Request::Send { .. } => {
                format!(
                    "keep receiving from {object} until its senders are done, or drop the receiver so that they fail"
                )
            }
            Request::Pass { .. } => format!("let as many threads come to {object} as it has parties, every time round"),
            Request::AcquirePermits { .. } => format!("give the permits of {object} back on every way out"),
            Request::Await { object: flag } if matches!(self.end.tables.object(flag).kind, ObjectKind::Flag { .. }) => {
                format!(
                    "set {object} once more when no more will come, so that whoever still waits goes on and sees it"
                )
            }
            Request::Await { .. } => format!("make sure that whoever must complete {object} does so on every way out"),
            _ => return None,
        })
    }
}
