//! Where the counts of arrows stand.

use super::geometry::{Cubic, Point, Rect, Size};

/// Places along a line, best first.
const PLACES: [f64; 9] = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82];
/// With more lines than this, whether another line runs through a label is not looked at.
const MOST: usize = 300;
/// Points on each piece of a line that labels keep off.
const SAMPLES: u32 = 12;

/// A place for a label of each size on its line: off boxes, other labels and other lines as far as possible.
///
/// Quadratic in the number of lines.
pub(super) fn places(lines: &[Vec<Cubic>], sizes: &[Size], boxes: &[Rect]) -> Vec<Point> {
    let samples: Vec<Vec<Point>> = if lines.len() > MOST {
        vec![Vec::new(); lines.len()]
    } else {
        lines.iter().map(|line| sample(line)).collect()
    };
    let mut placed: Vec<Rect> = Vec::with_capacity(lines.len());
    for (number, (line, &size)) in lines.iter().zip(sizes).enumerate() {
        let struck = |rect: Rect| {
            let others = samples.iter().enumerate().filter(|&(other, _)| other != number);
            others.flat_map(|(_, samples)| samples).filter(|&&point| rect.contains(point)).count()
        };
        let cost = |rect: Rect| {
            let covered: f64 = boxes.iter().chain(&placed).map(|other| rect.overlap(*other)).sum();
            covered * 4.0 + 40.0 * struck(rect) as f64
        };
        let mut best: Option<(f64, Rect)> = None;
        for centre in candidates(line) {
            let rect = Rect { centre, size };
            let cost = cost(rect);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, rect));
            }
            if cost == 0.0 {
                break;
            }
        }
        placed.push(best.map_or(Rect { centre: Point::default(), size }, |(_, rect)| rect));
    }
    placed.into_iter().map(|rect| rect.centre).collect()
}

/// On a line through several layers, close to its ends: there it is seen where it leads from and to.
fn candidates(line: &[Cubic]) -> impl Iterator<Item = Point> {
    let ends = [line.first(), if line.len() > 1 { line.last() } else { None }];
    PLACES.into_iter().flat_map(move |part| ends.into_iter().flatten().map(move |curve| curve.at(part)))
}

fn sample(line: &[Cubic]) -> Vec<Point> {
    let parts = 0..SAMPLES;
    line.iter().flat_map(|curve| parts.clone().map(|step| curve.at(f64::from(step) / f64::from(SAMPLES)))).collect()
}
