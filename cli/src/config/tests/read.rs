use lockhound_report::Rule;

use super::super::Config;
use super::{config, location};

fn wrong(text: &str) -> String {
    Config::parse(&location(), text).unwrap_err().to_string()
}

#[test]
fn an_empty_file_decides_nothing() {
    for text in ["", "# nothing yet\n", "allow = []\n[fail]\n[order]\n"] {
        let config = config(text);
        assert!(config.allowed.is_empty() && config.levels.is_empty() && config.orders.is_empty(), "{text}");
    }
}

#[test]
fn everything_that_can_be_said() {
    let config = config(
        r#"
        allow = [{ id = "7F3A91C2", reason = "inline" }]
        [fail]
        fail-on = "feasible"
        lock-order-inversion = "error"
        data-race = "off"
        [order]
        accounts-first = ["accounts", "audit *", "log"]
        "#,
    );
    assert_eq!(config.allowed[0].shape.id.as_deref(), Some("7f3a91c2"));
    assert_eq!(config.levels.keys().collect::<Vec<_>>(), [&Rule::LockOrderInversion, &Rule::DataRace]);
    let order = &config.orders[0];
    assert_eq!((order.name.as_str(), order.place.as_str()), ("accounts-first", "lockhound.toml:8"));
    assert_eq!(["accounts", "audit 7", "log", "x"].map(|name| order.rank(name)), [Some(0), Some(1), Some(2), None]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        ("x = ", "1:5: no TOML: "),
        ("[[alow]]", "1:3: `alow` is no key: did you mean `allow`?"),
        ("[lock]", "1:2: `lock` is no key: expected `allow`, `fail` or `order`"),
        ("allow = 3", "1:9: an integer: expected entries, each under `[[allow]]`"),
        ("allow = [3]", "1:10: an integer: expected entries"),
        ("order = true", "1:9: a boolean: expected a table of lists of locks, `[order]`"),
        ("fail = []", "1:8: an array: expected a table of rules, `[fail]`"),
        ("[[allow]]\nreason = 'x'", "1:1: this entry accepts nothing: expected `id`, or"),
        ("\n[[allow]]\nid = '7f3a91c2'", "2:1: this entry has no `reason`"),
        ("[[allow]]\nid = '7f3a91c2'\nreason = ' '", "3:10: nothing is written here: expected why"),
        ("[[allow]]\nid = '7f3a91'\nreason = 'x'", "2:6: `7f3a91` is no id: expected 8 to 16 digits"),
        ("[[allow]]\nid = '7f3a91c2 '\nreason = 'x'", "2:6: `7f3a91c2 ` is no id"),
        ("[[allow]]\nid = 77777777\nreason = 'x'", "2:6: an integer: expected an id as reports show it"),
        ("[[allow]]\nré = 1", "2:2: no TOML: invalid unquoted key"),
        ("[[allow]]\n\"ré\" = 1", "2:1: `ré` is no key of an entry: expected `id`, `rule`, "),
        ("[[allow]]\nreasons = 'x'", "2:1: `reasons` is no key of an entry: did you mean `reason`?"),
        ("[[allow]]\nrule = 'data-rase'", "2:8: `data-rase` is no rule: did you mean `data-race`?"),
        ("[[allow]]\nobjects = 'a'", "2:11: a string: expected names in a list"),
        ("[[allow]]\nobjects = []", "2:11: an empty list: expected names"),
        ("[[allow]]\nobjects = ['é', '[']", "2:17: `[` is no name and no glob: "),
        ("[[allow]]\npath = 'a{'", "2:8: `a{` is no glob for files: "),
        ("[[allow]]\nexpires = '2027-01-31'", "2:11: a string: expected a day without quotes, like 2027-01-31"),
        ("[[allow]]\nexpires = 2027-02-30", "2:11: no TOML: invalid date"),
        ("[[allow]]\nexpires = 2027-01-31T10:00:00", "2:11: `2027-01-31T10:00:00` is no date: expected a day"),
        ("[fail]\ndata-rase = 'off'", "2:1: `data-rase` is no rule: did you mean `data-race`?"),
        ("[fail]\ndata-race = 'of'", "2:13: `of` is no level: expected \"error\", \"warning\", \"note\" or \"off\""),
        ("[fail]\nfail-on = 'never'", "2:11: `never` says nothing of how sure a finding is: expected \"observed\""),
        ("[order]\na = ['x']", "2:5: one lock has no order: expected at least two"),
        ("[order]\na = 'x'", "2:5: a string: expected names of locks in a list, outermost first"),
        ("[order]\na = ['x', 'y', 'x']", "2:16: `x` is in this list already"),
        ("[order]\na = ['x', 3]", "2:11: an integer: expected a string"),
    ];
    for (text, expected) in cases {
        let message = wrong(text);
        assert!(message.starts_with(&format!("../lockhound.toml:{expected}")), "{text}\n{message}");
    }
}

#[test]
fn the_first_mistake_is_told_first() {
    assert!(wrong("[zzz]\n[aaa]").contains(":1:2: `zzz`"));
    let entry = "[[allow]]\nreason = 'x'\nrule = 'z'\nid = 'a'";
    assert!(wrong(entry).contains(":3:8: `z`"));
}

#[test]
fn nothing_is_accepted_twice() {
    let twice =
        |one: &str, other: &str| wrong(&format!("[[allow]]\n{one}\nreason='x'\n[[allow]]\n{other}\nreason='y'"));
    let expected = "../lockhound.toml:4:1: this accepts the same as line 1: expected each entry once";
    assert_eq!(twice("id = '7f3a91c2'", "id = '7F3A91C2'"), expected);
    assert_eq!(twice("rule = 'misuse'\npath = '*'", "path = '*'\nrule = 'misuse'").replace(":5:", ":4:"), expected);
    config("[[allow]]\nrule = 'misuse'\nreason='x'\n[[allow]]\nrule = 'misuse'\npath = 'a'\nreason='y'");
}

#[test]
fn orders_that_contradict_each_other_are_no_hierarchy() {
    let circle = wrong("[order]\none = ['x', 'y']\ntwo = ['y', 'z']\nthree = ['z', 'x']");
    assert_eq!(
        circle,
        "../lockhound.toml:4:15: `x` comes after `z` here, but before it by `one` (lockhound.toml:2) and `two` \
         (lockhound.toml:3): `x`, `y`, `z`. Expected orders that a program can keep together"
    );
    assert!(wrong("[order]\none = ['a*', 'b']\ntwo = ['b', 'ab']").contains("3:13: `ab` comes after `b` here"));
    config("[order]\none = ['x', 'y']\ntwo = ['y', 'z']\nthree = ['x', 'z']\nfour = ['a*', 'ab', 'z']");
}

#[test]
fn long_hierarchies_are_read_at_once() {
    let names: Vec<String> = (0..2000).map(|number| format!("'lock {number}'")).collect();
    let text = format!("[order]\nall = [{}]\n", names.join(", "));
    assert_eq!(config(&text).orders[0].rank("lock 1999"), Some(1999));
}

#[test]
fn the_example_of_the_readme_is_one() {
    let readme = include_str!("../../../../README.md");
    let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = config(example);
    assert_eq!((config.allowed.len(), config.levels.len(), config.orders.len()), (1, 1, 1));
}
