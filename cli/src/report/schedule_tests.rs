//! What a witness looks like.

use insta::assert_snapshot;

use super::samples;
use super::schedule::schedule;

const ID: &str = "7f3a91c200000001";

fn shown(id: &str, all: bool) -> Result<String, String> {
    let outcome = samples::potential_deadlock("bank.lht").outcome();
    let text = schedule(&outcome, id, all).map_err(|error| error.to_string())?;
    Ok(anstream::adapter::strip_str(&text).to_string())
}

#[test]
fn a_long_schedule_shows_what_matters() {
    assert_snapshot!(shown(ID, false).unwrap());
}

#[test]
fn every_step_is_shown_when_asked_for() {
    let text = shown(ID, true).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("acquire")).count(), 20 + 16 + 2 + 2);
    assert!(!text.contains('…'));
}

#[test]
fn the_beginning_of_an_id_is_enough() {
    assert_eq!(shown("7F3A", false), shown(ID, false));
}

#[test]
fn who_asks_for_what_is_not_there_is_told() {
    assert!(shown("beef", false).unwrap_err().contains("no finding has the id `beef`"));
    let outcome = samples::lost_update("draw.lht").outcome();
    let two = schedule(&outcome, "7f", false).unwrap_err().to_string();
    assert!(two.contains("the beginning of 2 ids"), "{two}");
    let observed = schedule(&outcome, ID, false).unwrap_err().to_string();
    assert!(observed.contains("only `feasible` ones"), "{observed}");
}
