//! Whatever locks are called, and however they are taken, drawings are well-formed and complete.

use std::collections::BTreeSet;

use layout::gv::DotParser;
use layout::gv::parser::ast::{AttributeList, Stmt};
use lockhound_trace::one_line;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::samples::graph;
use super::{Which, dot, svg};
use crate::graph::LockOrderGraph;

/// Any text, most of it of what parsers stumble over.
fn name() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "\"",
        "\\",
        "<",
        ">",
        "&",
        "&lt;",
        "]]>",
        "<!--",
        "--",
        "\\N",
        "\\\"",
        "'",
        "{",
        "|",
        "\u{0}",
        "\u{1b}[31m",
        "\n",
        "\u{202e}",
        "\u{2028}",
        "\u{fffe}",
        "\u{ffff}",
        "甲",
        "e\u{301}",
        "🔒",
        ";",
        "//",
        "*/",
        "a",
        "lock",
    ]);
    prop_oneof![
        3 => prop::collection::vec(awkward, 0..12).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

fn graphs() -> impl Strategy<Value = LockOrderGraph> {
    prop::collection::vec(name(), 1..24).prop_flat_map(|names| {
        let lock = 0..names.len();
        prop::collection::vec((lock.clone(), lock, 0..1000_u64), 0..40).prop_map(move |orders| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut graph = graph(&names, &orders);
            // Names are everywhere.
            for (number, order) in graph.orders.iter_mut().enumerate() {
                order.thread = names[number % names.len()].to_owned();
                order.wanted_at = Some(names[(number + 1) % names.len()].to_owned());
                order.wanted_mode = if number % 3 == 0 { "read".to_owned() } else { "write".to_owned() };
            }
            for lock in &mut graph.locks {
                lock.at = Some(lock.name.clone());
                lock.group = Some(lock.name.clone());
            }
            graph
        })
    })
}

/// The locks and the pairs of locks that are to be drawn.
fn expected(graph: &LockOrderGraph, which: Which) -> (BTreeSet<usize>, Vec<(usize, usize)>) {
    let drawn = graph.orders.iter().filter(|order| which == Which::All || order.in_cycle);
    let pairs: Vec<(usize, usize)> = drawn.map(|order| (order.held, order.wanted)).collect();
    let locks = match which {
        Which::All => (0..graph.locks.len()).collect(),
        Which::Cycles => pairs.iter().flat_map(|&(held, wanted)| [held, wanted]).collect(),
    };
    (locks, pairs)
}

fn attribute<'a>(list: &'a AttributeList, name: &str) -> &'a str {
    &list.iter().find(|(key, _)| key == name).expect("every node and edge has it").1
}

/// As Graphviz shows a label.
fn shown(label: &str) -> String {
    label.replace("&amp;", "&")
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![Just(Which::Cycles), Just(Which::All)]
}

proptest! {
    #[test]
    fn graphviz_reads_what_is_written(graph in graphs(), which in which()) {
        let text = dot(&graph, which);
        let parsed = DotParser::new(&text).process();
        prop_assert!(parsed.is_ok(), "{:?}\n{text}", parsed.err());
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        for statement in parsed.unwrap().list.list {
            match statement {
                Stmt::Node(node) => nodes.push((node.id.name, shown(attribute(&node.list, "label")))),
                Stmt::Edge(edge) => {
                    let cyclic = edge.list.iter().any(|(key, _)| key == "penwidth");
                    edges.push((edge.from.name, edge.to[0].0.name.clone(), cyclic));
                }
                Stmt::Attribute(_) => {}
                Stmt::SubGraph(_) => prop_assert!(false, "no subgraph is written"),
            }
        }
        let (locks, pairs) = expected(&graph, which);
        let names: Vec<String> = locks.iter().map(|&lock| one_line(&graph.locks[lock].name)).collect();
        prop_assert_eq!(nodes.iter().map(|(_, label)| label.clone()).collect::<Vec<_>>(), names);
        let id = |lock: usize| nodes[locks.iter().position(|&other| other == lock).unwrap()].0.clone();
        let mut wanted: Vec<_> = graph
            .orders
            .iter()
            .filter(|order| pairs.contains(&(order.held, order.wanted)))
            .map(|order| (id(order.held), id(order.wanted), order.in_cycle))
            .collect();
        wanted.sort();
        edges.sort();
        prop_assert_eq!(edges, wanted);
    }

    #[test]
    fn pictures_are_xml_with_all_that_was_asked_for(graph in graphs(), which in which()) {
        let text = svg(&graph, which, None);
        prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        let mut reader = Reader::from_str(&text);
        reader.config_mut().check_end_names = true;
        let (mut classes, mut titles, mut in_title) = (Vec::new(), Vec::new(), false);
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => {
                    in_title = element.name().as_ref() == b"title";
                    if in_title {
                        titles.push(String::new());
                    }
                    for attribute in element.attributes() {
                        let attribute = attribute.unwrap();
                        let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap();
                        if attribute.key.as_ref() == b"class" {
                            classes.push(value.into_owned());
                        }
                    }
                }
                Ok(Event::Text(part)) if in_title => titles.last_mut().unwrap().push_str(&part.decode().unwrap()),
                Ok(Event::GeneralRef(entity)) if in_title => titles.last_mut().unwrap().push(match &*entity {
                    b"amp" => '&',
                    b"lt" => '<',
                    b"gt" => '>',
                    b"quot" => '"',
                    other => panic!("unknown entity {other:?}"),
                }),
                Ok(Event::End(_)) => in_title = false,
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => prop_assert!(false, "{error}\n{text}"),
            }
        }
        let forbidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202e}');
        prop_assert!(!text.contains(forbidden), "{text}");
        let (locks, pairs) = expected(&graph, which);
        let pairs: BTreeSet<_> = pairs.into_iter().collect();
        let of = |kind: &str| classes.iter().filter(|class| class.split(' ').any(|word| word == kind)).count();
        prop_assert_eq!((of("lh-node"), of("lh-edge")), (locks.len(), pairs.len()));
        for lock in locks {
            let name = one_line(&graph.locks[lock].name).replace(['\u{fffe}', '\u{ffff}'], "");
            let spelled = |title: &String| title.replace("\\u{fffe}", "").replace("\\u{ffff}", "");
            prop_assert!(titles.iter().any(|title| spelled(title).lines().next().unwrap_or("") == name), "{name:?}");
        }
    }

    #[test]
    fn equal_graphs_are_drawn_alike(graph in graphs(), which in which()) {
        prop_assert_eq!(svg(&graph, which, None), svg(&graph.clone(), which, None));
    }
}
