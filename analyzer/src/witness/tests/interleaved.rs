//! Claims of interleavings, by schedules written by hand.

use super::*;
use crate::finding::Pattern;
use crate::std_text::script_of;

/// A litmus trace that the project ships for its tests.
fn litmus(name: &str) -> Trace {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/litmus/atomicity");
    Trace::of(&script_of(&std::fs::read_to_string(folder.join(name).with_extension("std")).unwrap()))
}

impl Trace {
    fn pattern(&self, pattern: Pattern, then: &str, events: &str) -> String {
        let [p, q, c] = self.events(events);
        self.verdict(&self.check(&self.then(then), &Claim::Interleaved { pattern, p, q, c }))
    }

    fn due(&self, then: &str, events: &str) -> String {
        let [p, q, c] = self.events(events);
        self.verdict(&self.check(&self.then(then), &Claim::Due { p, q, c }))
    }

    fn region(&self, then: &str, events: &str) -> String {
        let [p, q1, q2, c] = self.events(events);
        self.verdict(&self.check(&self.then(then), &Claim::Region { p, q1, q2, c }))
    }

    fn verdict(&self, outcome: &Outcome) -> String {
        let Outcome::Proved(proof) = outcome else { return self.words(outcome) };
        let at = |&at: &EventIndex| format!("{}.{}", self.tables.thread(self.log.thread(at)).id, self.log.loc(at));
        let assumed: Vec<String> = proof.assumes_release.iter().map(at).collect();
        if assumed.is_empty() { "proved".to_owned() } else { format!("proved if {}", assumed.join(" ")) }
    }
}

#[test]
fn b01_a_blind_write_between_two_sections() {
    let trace = litmus("b01_split_then_blind");
    let events = "T1.2 T2.2 T1.5";
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", events), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*3", events), "not as claimed", "goes on behind c");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*1", events), "not as claimed", "c is missing");
    assert_eq!(trace.pattern(Pattern::Rww, "T2*3 T1*5", events), "not as claimed", "q comes first");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*5", events), "not as claimed", "q is missing");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*2 T2*3 T1*3", events), "impossible T2.1", "T1 holds the lock");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*2 T1*2", events), "impossible T1.4", "T2 does");
    assert_eq!(trace.pattern(Pattern::Rwr, "T1*3 T2*3 T1*2", events), "not as claimed", "c writes");
    assert_eq!(trace.pattern(Pattern::Wwr, "T1*3 T2*3 T1*2", events), "not as claimed");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", "T1.2 T2.2 T1.2"), "not as claimed");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", "T1.2 T2.1 T1.5"), "not as claimed", "no access");
}

#[test]
fn b02_two_that_ran_one_after_the_other_are_only_due() {
    let trace = litmus("b02_two_split_serial");
    assert_eq!(trace.pattern(Pattern::Rww, "T2*3 T1*6 T2*2", "T2.2 T1.5 T2.5"), "impossible T2.2");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*6 T1*2", "T1.2 T2.5 T1.5"), "impossible T2.2");
    assert_eq!(trace.due("T2*3 T1*5", "T2.2 T1.5 T2.5"), "proved if T2.3");
    assert_eq!(trace.due("T1*3 T2*3 T1*2", "T2.2 T1.5 T2.5"), "proved if T2.3");
    assert_eq!(trace.due("T2*4 T1*5", "T2.2 T1.5 T2.5"), "impossible T2.4", "it saw another value");
    assert_eq!(trace.due("T2*2 T1*5", "T2.2 T1.5 T2.5"), "impossible T1.1", "T2 holds the lock");
    assert_eq!(trace.due("T2*3 T1*6", "T2.2 T1.5 T2.5"), "not as claimed", "goes on behind q");
    assert_eq!(trace.due("T1*5", "T2.2 T1.5 T2.5"), "not as claimed", "p is missing");
}

#[test]
fn a_changed_thread_may_only_leave_its_sections() {
    let trace = Trace::of(
        "T1 write x
        T1 write y
        T2 acquire a
        T2 read x
        T2 read y
        T2 release a touched=none
        T2 write x",
    );
    assert_eq!(trace.due("T2*3 T1", "T2.2 T1.1 T2.5"), "impossible T2.3", "a read is no way out");
    assert_eq!(trace.due("T2*2 T1", "T2.2 T1.1 T2.5"), "proved");
    assert_eq!(trace.due("T2*2 T1 T1", "T2.2 T1.1 T2.5"), "not as claimed");
}

#[test]
fn b04_an_outer_lock_on_one_side_only() {
    let trace = litmus("b04_gate_one_side");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*4 T2*3 T1*2", "T1.3 T2.2 T1.6"), "proved");
}

#[test]
fn b05_a_write_that_the_region_read_is_only_due() {
    let trace = litmus("b05_foreign_first_rf");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", "T1.2 T2.2 T1.5"), "impossible T1.2");
    assert_eq!(trace.due("T1*3 T2*2", "T1.2 T2.2 T1.5"), "proved if T1.3");
}

#[test]
fn b06_a_torn_write_in_another_order() {
    let trace = litmus("b06_foreign_first_write");
    assert_eq!(trace.pattern(Pattern::Wwr, "T1*3 T2*3 T1*2", "T1.2 T2.2 T1.5"), "proved", "c may read what it likes");
    assert_eq!(trace.pattern(Pattern::Wwr, "T2*3 T1*5", "T1.2 T2.2 T1.5"), "not as claimed");
}

#[test]
fn b08_and_b22_a_foreign_update() {
    let trace = litmus("b08_foreign_atomic_rmw");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*4 T1*2", "T1.2 T2.3 T1.5"), "impossible T2.2");

    let sections = "
        T1 acquire l
        T1 load x
        T1 release l touched=none
        T1 acquire l
        T1 store x
        T1 release l touched=none
        T2 acquire l
        T2 rmw x
        T2 release l touched=none";
    let events = "T1.2 T2.2 T1.5";
    let trace = Trace::of(&format!("{sections}\nT2 read y"));
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", events), "proved if T2.3");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*4 T1*2", events), "impossible T2.4", "T2 is frozen");
    let trace = Trace::of(&sections.replace("rmw x", "rmw x how=cas"));
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*2", events), "impossible T2.2", "it compares");
}

#[test]
fn what_a_changed_update_wrote_nobody_may_read_but_c() {
    let script = "
        T1 load x
        T1 store x
        T2 rmw x
        T3 load x
        T3 store y";
    let trace = Trace::of(script);
    let events = "T1.1 T2.1 T1.2";
    assert_eq!(trace.pattern(Pattern::Rww, "T1 T2 T1", events), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T1 T2 T3 T1", events), "impossible T3.1", "T3 read another value then");
    let unchanged = Trace::of("T1 load x\nT2 rmw x\nT3 load x\nT1 store x");
    assert_eq!(unchanged.pattern(Pattern::Rww, "T1 T2 T3 T1", events), "proved", "nothing has changed");
}

#[test]
fn b09_a_dirty_read_under_a_lock_needs_the_release_rule() {
    let trace = litmus("b09_dirty_locked");
    let events = "T1.2 T2.2 T1.5";
    assert_eq!(trace.pattern(Pattern::Wrw, "T1*3 T2*3 T1*2", events), "proved if T2.3");
    assert_eq!(trace.pattern(Pattern::Wrw, "T1*3 T2*2 T1*2", events), "impossible T1.4", "T2 has not left");
    assert_eq!(trace.pattern(Pattern::Wrw, "T2*3 T1*5", events), "not as claimed", "nothing dirty to be read yet");
    assert_eq!(trace.pattern(Pattern::Wrw, "T1*6 T2*3", events), "not as claimed", "c came first");
}

#[test]
fn b10_a_dirty_read_without_locks() {
    let trace = litmus("b10_dirty_racy");
    assert_eq!(trace.pattern(Pattern::Wrw, "T1 T2 T1", "T1.1 T2.1 T1.2"), "proved");
    let other = Trace::of("T1 write x\nT3 write x\nT1 write x\nT2 read x");
    assert_eq!(other.pattern(Pattern::Wrw, "T1 T2 T1", "T1.1 T2.1 T1.2"), "proved");
    assert_eq!(
        other.pattern(Pattern::Wrw, "T1 T3 T2 T1", "T1.1 T2.1 T1.2"),
        "not as claimed",
        "it reads what T3 wrote"
    );
}

#[test]
fn b11_a_check_that_goes_stale() {
    let trace = litmus("b11_reread");
    assert_eq!(trace.pattern(Pattern::Rwr, "T1*3 T2*3 T1*2", "T1.2 T2.2 T1.5"), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*3 T1*3", "T1.2 T2.2 T1.6"), "impossible T1.5", "it reads again");
}

#[test]
fn b14_a_message_comes_after_the_region() {
    let trace = litmus("b14_message_after");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*3 T2*4 T1*2", "T1.2 T2.3 T1.5"), "impossible T2.1");
}

#[test]
fn b15_a_third_thread_leaves_first() {
    let trace = litmus("b15_close_third");
    assert_eq!(trace.pattern(Pattern::Rww, "T3*2 T1 T3 T2*2 T1", "T1.1 T2.2 T1.2"), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T3*2 T1 T2*2 T1", "T1.1 T2.2 T1.2"), "impossible T2.1");
    assert_eq!(trace.due("T3 T1 T3", "T1.1 T3.2 T1.2"), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T3 T1 T3 T1", "T1.1 T3.2 T1.2"), "impossible T1.1");
}

#[test]
fn b16_hand_over_hand() {
    let trace = litmus("b16_hand_over_hand");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*5 T2*4 T1*2", "T1.2 T2.2 T1.7"), "proved");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*5 T2*3 T1*2", "T1.2 T2.2 T1.7"), "impossible T1.6", "T2 holds `a`");
}

#[test]
fn b20_two_declared_regions() {
    let trace = litmus("b20_pair_serial");
    let loc = |thread: &str, var: &str| {
        let thread = trace.thread(thread);
        let at = (1..=trace.log.count(thread)).find(|&loc| match trace.log.op(trace.log.at(thread, loc)) {
            lockhound_trace::Op::Write { var: written, .. } => trace.tables.object(written).id == var,
            _ => false,
        });
        at.unwrap()
    };
    let (x, y) = (loc("T1", "x"), loc("T1", "y"));
    let (first, last) = (x.min(y), x.max(y));
    let (foreign_first, foreign_last) = (loc("T2", "x").min(loc("T2", "y")), loc("T2", "x").max(loc("T2", "y")));
    let events = format!("T1.{first} T2.{foreign_first} T2.{foreign_last} T1.{last}");
    let all = trace.log.count(trace.thread("T2"));
    // Every section of T2 fits behind the first of T1.
    let verdict = trace.region(&format!("T1*{} T2*{all} T1*{}", first + 1, last - first - 1), &events);
    assert_eq!(verdict, "proved");
    assert_eq!(trace.region(&format!("T2*{all} T1*{last}"), &events), "not as claimed");
}

#[test]
fn regions_need_conflicts_of_two_threads() {
    let trace = Trace::of("T1 write x\nT1 write y\nT2 write x\nT2 write y\nT3 write y");
    assert_eq!(trace.region("T1 T2*2 T1", "T1.1 T2.1 T2.2 T1.2"), "proved");
    assert_eq!(trace.region("T1 T2*2 T1", "T1.1 T2.2 T2.2 T1.2"), "not as claimed", "no conflict with p");
    assert_eq!(trace.region("T1 T2*2 T1", "T1.1 T2.2 T2.1 T1.2"), "not as claimed", "the wrong way round");
    assert_eq!(trace.region("T1 T2 T3 T1", "T1.1 T2.1 T3.1 T1.2"), "not as claimed", "of two threads");
    assert_eq!(trace.region("T2 T1 T2 T1", "T1.1 T2.1 T2.2 T1.2"), "not as claimed", "q1 is too early");
}

#[test]
fn the_data_in_a_lock_is_accessed_at_its_release() {
    let script = "
        T1 acquire l
        T1 release l touched=read
        T1 acquire l
        T1 release l touched=read
        T2 acquire l
        T2 release l touched=blind
        T2 read y";
    let events = "T1.2 T2.2 T1.4";
    let trace = Trace::of(script);
    assert_eq!(trace.pattern(Pattern::Rwr, "T1*2 T2*2 T1*2", events), "proved");
    assert_eq!(trace.pattern(Pattern::Rwr, "T1*2 T2*3 T1*2", events), "proved", "T2 saw what it saw");
    assert_eq!(trace.pattern(Pattern::Rww, "T1*2 T2*2 T1*2", events), "not as claimed");
    let unknown = format!("rwlock l\n{}", script.replace("T1 acquire l", "T1 acquire l mode=read"));
    let unknown = Trace::of(&unknown.replace("T1 release l touched=read", "T1 release l mode=read"));
    assert_eq!(unknown.pattern(Pattern::Rwr, "T1*2 T2*2 T1*2", events), "proved", "readers read");
    let none = Trace::of(&script.replace("blind", "none"));
    assert_eq!(none.pattern(Pattern::Rwr, "T1*2 T2*2 T1*2", events), "not as claimed", "T2 touches nothing");

    // Now the foreign hold has seen what the region wrote.
    let written = script.replacen("touched=read", "touched=write", 2);
    let blind = Trace::of(&written);
    assert_eq!(blind.pattern(Pattern::Wwr, "T1*2 T2*2 T1*2", events), "proved", "it writes whatever is there");
    assert_eq!(blind.pattern(Pattern::Wwr, "T1*2 T2*3 T1*2", events), "impossible T2.3", "but no more");
    let looks = Trace::of(&written.replace("blind", "write"));
    assert_eq!(looks.pattern(Pattern::Wwr, "T1*2 T2*2 T1*2", events), "impossible T2.1", "it looked first");
}

#[test]
fn who_looks_into_a_lock_is_changed_from_its_acquire_on() {
    let script = "
        T1 acquire l
        T1 release l touched=write
        T1 acquire l
        T1 release l touched=write
        T2 acquire l
        T2 release l touched=read";
    let trace = Trace::of(script);
    // No plain write in a lock: a dirty read of a hold cannot be claimed with a hold as its end.
    assert_eq!(trace.pattern(Pattern::Wrw, "T1*2 T2*2 T1*2", "T1.2 T2.2 T1.4"), "not as claimed");
    let region = "T1.2 T2.2 T2.2 T1.4";
    assert_eq!(trace.region("T1*2 T2*2 T1*2", region), "proved if T2.2");
    let inside = Trace::of(&script.replace("T2 release", "T2 read y\nT2 release"));
    assert_eq!(
        inside.region("T1*2 T2*3 T1*2", "T1.2 T2.3 T2.3 T1.4"),
        "impossible T2.2",
        "it looked before it read `y`"
    );
}

#[test]
fn between_two_foreign_accesses_nothing_has_changed() {
    // T2 must read its own write, which is done by then, where it read nobody's.
    let trace = Trace::of("T1 write x\nT1 read y\nT2 write y\nT2 write x\nT2 write y");
    assert_eq!(trace.region("T2*2 T1*2 T2", "T2.2 T1.1 T1.2 T2.3"), "impossible T1.2");
    let trace = Trace::of("T1 write x\nT1 read y\nT2 write x\nT2 write y");
    assert_eq!(trace.region("T2 T1*2 T2", "T2.1 T1.1 T1.2 T2.2"), "proved");
}

#[test]
fn a_changed_thread_does_not_even_what_nobody_notices() {
    let trace = Trace::of("T1 load x\nT1 store x\nT2 rmw x\nT2 read own\nT3 read other");
    let [p, q, c] = trace.events("T1.1 T2.1 T1.2");
    let claim = Claim::Interleaved { pattern: Pattern::Rww, p, q, c };
    let then = vec![c];
    let with = |base: &str| Schedule { then: then.clone(), ..trace.base(base) };
    assert_eq!(trace.verdict(&trace.check(&with("T1 T2 T3"), &claim)), "proved");
    assert_eq!(trace.verdict(&trace.check(&with("T1 T2*2 T3"), &claim)), "impossible T2.2");
}
