//! Sync-preserving races as they are defined, for every pair of accesses, with the slow closure.

use std::collections::BTreeSet;

use lockhound_trace::{EventIndex, EventSource, ObjectId, SiteId, ThreadId};
use proptest::prelude::*;

use crate::analysis::{Moment, predict_on};
use crate::closure::tests::{definition, random};
use crate::holds::Holds;
use crate::model::{Ideal, Model, Point};
use crate::prediction::Prediction;
use crate::race::access::kind_of;
use crate::race::discipline::{Disciplines, Suspicion};
use crate::race::groups::{StatementPair, pair};
use crate::race::predict::Predictor;
use crate::race::races::PairsByVar;
use crate::script;
use crate::statements::{StatementId, Statements};
use crate::witness::{Claim, Outcome, Schedule};

type Pairs = BTreeSet<(ObjectId, StatementPair)>;

/// Which statement every site belongs to.
fn statements(model: &Model<'_>) -> Vec<StatementId> {
    let mut statements = Statements::default();
    let sites = (0..model.tables().site_count()).map(SiteId::from_index);
    sites.map(|site| statements.of(model.tables(), Some(site))).collect()
}

/// All that the one pass suspects.
fn suspects(script: &str) -> Vec<(ObjectId, Suspicion)> {
    let mut source = script::read(script);
    let (mut disciplines, mut holds) = (Disciplines::default(), Holds::default());
    for index in (0..).map(EventIndex) {
        let Some(event) = source.next_event().expect("a readable script") else { break };
        let now = Moment { tables: source.tables(), index, event: &event, holds: &holds };
        disciplines.locks(&now);
        if let Some((var, kind, _)) = kind_of(&event.op) {
            disciplines.access(&now, var, kind);
        }
        holds.apply(index, &event);
    }
    let vars = (0..source.tables().objects().len()).map(ObjectId::from_index);
    vars.filter_map(|var| Some((var, disciplines.suspicion(var)?))).collect()
}

/// By definition.
fn races(model: &Model<'_>, statements: &[StatementId]) -> Pairs {
    let threads = (0..model.threads()).map(ThreadId::from_index);
    let points = threads.flat_map(|thread| {
        let count = model.last(thread).map_or(0, |last| last.loc);
        (1..=count).map(move |loc| Point::new(thread, loc))
    });
    let accesses: Vec<_> =
        points.filter_map(|point| kind_of(&model.op(point)).map(|(var, kind, _)| (point, var, kind))).collect();
    let statement = |point| model.site(point).map_or(StatementId::UNKNOWN, |site| statements[site.index()]);
    let mut races = Pairs::new();
    for (position, &(e1, var, kind)) in accesses.iter().enumerate() {
        for &(e2, also, other) in &accesses[position + 1..] {
            let key = (var, pair(statement(e1), statement(e2)));
            if var != also || e1.thread == e2.thread || !kind.conflicts_with(other) || races.contains(&key) {
                continue;
            }
            let mut before = Ideal::new(model.threads());
            before.join(model.pred(e1));
            before.join(model.pred(e2));
            let closed = definition::close(model, before, &[]);
            if closed.is_ok_and(|closed| !closed.contains(e1) && !closed.contains(e2)) {
                races.insert(key);
            }
        }
    }
    races
}

/// As found; every one of them the checker must accept.
fn found(prediction: &Prediction<'_>, statements: &[StatementId], suspects: &[(ObjectId, Suspicion)]) -> Pairs {
    let observed = PairsByVar::default();
    let outcomes = Predictor { prediction, statements, observed: &observed }.run(suspects);
    let mut races = Pairs::new();
    for (&(var, _), outcome) in suspects.iter().zip(&outcomes) {
        assert!(!outcome.cut);
        for found in &outcome.races {
            let (one, other) = (prediction.model.index(found.accesses.0), prediction.model.index(found.accesses.1));
            let schedule = Schedule { base: found.base.clone(), then: Vec::new() };
            let outcome = prediction.checker.check(&schedule, &Claim::Race(one, other));
            assert!(matches!(outcome, Outcome::Proved(_)), "{one:?} {other:?}: {outcome:?}");
            races.insert((var, found.statements));
        }
    }
    races
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn all_sync_preserving_races_are_found(script in random::scripts()) {
        let suspects = suspects(&script);
        predict_on(script::read(&script), |prediction| {
            let statements = statements(prediction.model);
            let expected = races(prediction.model, &statements);
            assert_eq!(found(prediction, &statements, &suspects), expected, "of\n{script}");
        });
    }
}
