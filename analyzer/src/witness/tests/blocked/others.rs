//! What the others still do before a claim is judged, and what that may cost.

use super::super::*;

#[test]
fn what_a_run_may_not_read_holds_the_others_back() {
    let script = "
        channel c
        T3 read x
        T2 recv c
        T2 write x
        T3 send c";
    let trace = Trace::of(&script.replace("T2 recv c", "T4 send c\nT2 recv c"));
    // With the value of T2's write in `x`, T3 might not send.
    assert_eq!(trace.blocks("T3 T4", "T2"), "free T2");
    let trace = Trace::of(
        "channel c
        flag f
        T4 read x
        T4 set f
        T3 write x
        T2 await f",
    );
    assert_eq!(trace.blocks("T3", "T2"), "free T2 by T4.2", "T4 may set it, whatever it reads");
    let trace = Trace::of(
        "channel c capacity=1
        flag f
        T4 acquire a
        T4 read x
        T4 acquire b
        T4 set f
        T4 release b touched=none
        T4 release a touched=none
        T3 write x
        T3 acquire b
        T3 await f
        T3 release b touched=none",
    );
    assert_eq!(trace.blocks("T3*2", "T3"), "as recorded: T3.3 T4.3", "if T4 goes on whatever it reads");
    assert_eq!(trace.blocks("T4*2 T3*2", "T3"), "nobody provides: T3.3 T4.3");
}

#[test]
fn the_budget_ends() {
    let trace = Trace::of("T1 acquire a\nT1 acquire b\nT2 read x\nT2 read x");
    let checker = Checker::new(&trace.tables, &trace.log, &trace.standings, 3);
    let claim = Claim::Race(trace.event("T1.1"), trace.event("T2.1"));
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::NotAsClaimed));
    let mut allowance = checker.allow(1);
    assert_eq!(
        checker.check_within(&mut allowance, &trace.then("T1*2"), &claim),
        Outcome::Rejected(Rejection::OutOfSteps)
    );
    checker.give_back(allowance);
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::NotAsClaimed));
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::OutOfSteps));
}
