//! Locks that are connected in a circle, drawn as one.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::geometry::{Point, Rect, Size};

/// Free space around each lock on a circle, for arrows and their labels.
const MARGIN: Size = Size { width: 34.0, height: 24.0 };
/// How much wider than high circles are: so are the boxes on them.
const FLAT: f64 = 1.35;
/// Larger circles are not improved: it takes cubic time, and nobody sees it.
const MOST: usize = 64;

/// Locks around the origin.
#[derive(Debug)]
pub(super) struct Ring {
    /// Where each of the members is.
    pub(super) centres: Vec<Point>,
    /// What they take up together, the origin in the middle.
    pub(super) size: Size,
}

/// Places members with these sizes, which `edges` connect in a circle, so that most edges go to the next one clockwise.
pub(super) fn ring(sizes: &[Size], edges: &[(usize, usize)]) -> Ring {
    let mut centres = match *sizes {
        [_] => vec![Point::default()],
        [one, other] => {
            let apart = f64::midpoint(one.width, other.width) + 120.0;
            vec![Point::new(-apart / 2.0, 0.0), Point::new(apart / 2.0, 0.0)]
        }
        _ => circle(sizes, &arrange(sizes.len(), edges)),
    };
    let rects = || sizes.iter().zip(&centres).map(|(&size, &centre)| Rect { centre, size });
    let (left, right) = extent(rects().map(|rect| (rect.centre.x, rect.size.width)));
    let (top, bottom) = extent(rects().map(|rect| (rect.centre.y, rect.size.height)));
    let middle = Point::new(f64::midpoint(left, right), f64::midpoint(top, bottom));
    // Arrows bulge out of a circle; a lock by itself has none.
    let bulge = match sizes.len() {
        1 => Size::default(),
        2 => Size { width: 0.0, height: 22.0 },
        _ => Size { width: 16.0, height: 16.0 },
    };
    centres.iter_mut().for_each(|centre| *centre = centre.minus(middle));
    Ring { centres, size: Size { width: right - left + 2.0 * bulge.width, height: bottom - top + 2.0 * bulge.height } }
}

/// The least and the greatest coordinate that spans take up, each given by its middle and its length.
fn extent(spans: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    spans.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), (middle, length)| {
        (least.min(middle - length / 2.0), greatest.max(middle + length / 2.0))
    })
}

/// Places members on an ellipse in this order, clockwise from the top, as small as lets all keep apart.
fn circle(sizes: &[Size], order: &[usize]) -> Vec<Point> {
    let place = |radius: f64| {
        let mut centres = vec![Point::default(); sizes.len()];
        for (step, &member) in order.iter().enumerate() {
            let angle = TAU * step as f64 / order.len() as f64 - FRAC_PI_2;
            centres[member] = Point::new(radius * FLAT * angle.cos(), radius * angle.sin());
        }
        centres
    };
    // On a convex curve only those close by can collide, unless boxes are much wider than the circle.
    let near = order.len().min(if order.len() > MOST { 6 } else { order.len() });
    let collide = |centres: &[Point]| {
        let rect = |member: usize| Rect { centre: centres[member], size: sizes[member] }.grown(MARGIN);
        (0..order.len())
            .any(|step| (1..near).any(|next| rect(order[step]).overlap(rect(order[(step + next) % order.len()])) > 0.0))
    };
    let mut radius = 50.0;
    while collide(&place(radius)) {
        radius *= 1.05;
    }
    place(radius)
}

/// An order around the circle in which edges are short and go clockwise: along a long path first, then swapping pairs for
/// as long as that improves it.
fn arrange(members: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut order = long_path(members, edges);
    if members > MOST {
        return order;
    }
    let mut place = vec![0; members];
    order.iter().enumerate().for_each(|(step, &member)| place[member] = step);
    let mut of = vec![Vec::new(); members];
    for (number, &(from, to)) in edges.iter().enumerate() {
        of[from].push(number);
        of[to].push(number);
    }
    let cost = |place: &[usize], member: usize| -> usize {
        of[member].iter().map(|&edge| detour(place[edges[edge].0], place[edges[edge].1], members)).sum()
    };
    // Rounds are bounded, though each makes it better.
    for _ in 0..8 {
        let mut better = false;
        for a in 0..members {
            for b in a + 1..members {
                let before = cost(&place, order[a]) + cost(&place, order[b]);
                place.swap(order[a], order[b]);
                if cost(&place, order[a]) + cost(&place, order[b]) < before {
                    order.swap(a, b);
                    better = true;
                } else {
                    place.swap(order[a], order[b]);
                }
            }
        }
        if !better {
            break;
        }
    }
    order
}

/// How far an edge is from leading to the next place clockwise.
fn detour(from: usize, to: usize, members: usize) -> usize {
    let clockwise = (to + members - from) % members;
    let back = members - clockwise;
    2 * clockwise.min(back) + usize::from(back < clockwise)
}

/// All members, along edges as far as possible: from each to the one that has the fewest ways on (Warnsdorff's rule).
fn long_path(members: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut next = vec![Vec::new(); members];
    edges.iter().for_each(|&(from, to)| next[from].push(to));
    let mut order: Vec<usize> = Vec::with_capacity(members);
    let mut seen = vec![false; members];
    let mut first_free = 0;
    while order.len() < members {
        let ways = |member: usize| next[member].iter().filter(|&&to| !seen[to]).count();
        let along = order
            .last()
            .and_then(|&last| next[last].iter().copied().filter(|&to| !seen[to]).min_by_key(|&to| (ways(to), to)));
        let member = along.unwrap_or_else(|| {
            while seen[first_free] {
                first_free += 1;
            }
            first_free
        });
        seen[member] = true;
        order.push(member);
    }
    order
}
