//! The lock-order graph, drawn: as Graphviz DOT, and as SVG for those without Graphviz.

mod dot;
mod excerpt;
mod list;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
mod svg;
mod words;

pub use dot::dot;
pub use excerpt::Which;
pub use list::orders_text;
pub use svg::svg;
pub(crate) use svg::{STYLE, picture};

#[cfg(test)]
mod look {
    use super::*;
    #[test]
    fn look() {
        let save = |name: &str, g: &crate::LockOrderGraph, w, h: Option<&str>| {
            let t = std::time::Instant::now();
            let s = svg(g, w, h);
            println!("{name}: {:?} {} bytes", t.elapsed(), s.len());
            std::fs::write(format!("/tmp/look/{name}.svg"), s).unwrap();
            std::fs::write(format!("/tmp/look/{name}.dot"), dot(g, w)).unwrap();
        };
        std::fs::create_dir_all("/tmp/look").unwrap();
        save("g2", &samples::graph(&["accounts", "audit"], &[(0, 1, 412), (1, 0, 1)]), Which::Cycles, None);
        save(
            "g3",
            &samples::graph(
                &["accounts", "audit", "mutex src/service/ledger.rs:17:9"],
                &[(0, 1, 412), (1, 2, 1), (2, 0, 33)],
            ),
            Which::Cycles,
            None,
        );
        save("g0", &samples::graph(&["accounts", "audit"], &[(0, 1, 412)]), Which::Cycles, None);
        let ten = [
            "BOOK",
            "ACCOUNTS",
            "AUDIT",
            "Engine::sequence",
            "sessions",
            "mutex src/net/session.rs:40:12",
            "RATES",
            "cache",
            "log",
            "metrics",
        ];
        let mut g = samples::graph(
            &ten,
            &[
                (0, 1, 412),
                (1, 0, 1),
                (0, 2, 17),
                (2, 3, 4),
                (3, 4, 9),
                (4, 2, 2),
                (5, 4, 77),
                (5, 0, 1),
                (1, 8, 2000),
                (4, 8, 12),
                (9, 8, 1),
                (6, 7, 30),
                (5, 9, 5),
                (2, 8, 6),
            ],
        );
        save("g10c", &g, Which::Cycles, None);
        save("g10", &g, Which::All, None);
        for o in &mut g.orders {
            if o.held < 2 && o.wanted < 2 {
                o.findings.push("abc".into());
            }
        }
        save("g10h", &g, Which::All, Some("abc"));
        for (n, m, seed, back) in
            [(60, 90, 7u64, 3), (60, 200, 9, 30), (200, 500, 5, 6), (2000, 8000, 3, 4000), (2000, 4000, 8, 5)]
        {
            let mut s = seed;
            let mut dice = |k: usize| {
                s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (s >> 33) as usize % k
            };
            let names: Vec<String> = (0..n)
                .map(|i| {
                    ["queue", "BOOK", "mutex src/net/pool.rs:7:12", "Session::state", "log", "index"][dice(6)]
                        .to_owned()
                        + &format!("{i}")
                })
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut orders = Vec::new();
            for i in 0..m {
                let (a, b) = (dice(n), dice(n));
                let (a, b) = if i < back { (a, b) } else { (a.min(b), a.max(b)) };
                // mostly near
                let b = if i >= back { (a + 1 + (b - a) % 12).min(n - 1) } else { b };
                if a != b {
                    orders.push((a, b, 1 + dice(900) as u64));
                }
            }
            let g = samples::graph(&names, &orders);
            save(&format!("g{n}_{m}_all"), &g, Which::All, None);
            save(&format!("g{n}_{m}_cyc"), &g, Which::Cycles, None);
        }
    }
}
