//! Points, boxes and curves.

/// A place, or a direction; y grows downwards.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    pub(super) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }

    pub(super) fn towards(self, other: Self, part: f64) -> Self {
        self.plus(other.minus(self).times(part))
    }

    pub(super) fn length(self) -> f64 {
        self.x.hypot(self.y)
    }

    /// The same direction with length 1.
    pub(super) fn unit(self) -> Self {
        let length = self.length();
        if length < 1e-9 { Self::new(0.0, 1.0) } else { self.times(1.0 / length) }
    }

    /// The direction to the left of this one, as seen by who looks along it.
    pub(super) const fn left(self) -> Self {
        Self::new(self.y, -self.x)
    }
}

/// Width and height.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// An upright rectangle.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Rect {
    pub(super) centre: Point,
    pub(super) size: Size,
}

impl Rect {
    /// Grown by `margin` on each side.
    pub(super) fn grown(self, margin: Size) -> Self {
        let Size { width, height } = self.size;
        Self { size: Size { width: width + 2.0 * margin.width, height: height + 2.0 * margin.height }, ..self }
    }

    pub(super) fn contains(self, point: Point) -> bool {
        let off = point.minus(self.centre);
        off.x.abs() <= self.size.width / 2.0 && off.y.abs() <= self.size.height / 2.0
    }

    /// The area that both cover.
    pub(super) fn overlap(self, other: Self) -> f64 {
        let off = self.centre.minus(other.centre);
        let wide = (self.size.width + other.size.width) / 2.0 - off.x.abs();
        let high = (self.size.height + other.size.height) / 2.0 - off.y.abs();
        wide.max(0.0) * high.max(0.0)
    }
}

/// A cubic Bézier curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Cubic(pub(super) [Point; 4]);

impl Cubic {
    /// The curve through a quadratic's three points of control.
    pub(super) fn quadratic(from: Point, bend: Point, to: Point) -> Self {
        Self([from, from.towards(bend, 2.0 / 3.0), to.towards(bend, 2.0 / 3.0), to])
    }

    /// The point at `part`, from 0 to 1 (de Casteljau).
    pub(super) fn at(self, part: f64) -> Point {
        self.split(part).0.0[3]
    }

    /// The curves before and after `part`.
    pub(super) fn split(self, part: f64) -> (Self, Self) {
        let [a, b, c, d] = self.0;
        let (ab, bc, cd) = (a.towards(b, part), b.towards(c, part), c.towards(d, part));
        let (abc, bcd) = (ab.towards(bc, part), bc.towards(cd, part));
        let middle = abc.towards(bcd, part);
        (Self([a, ab, abc, middle]), Self([middle, bcd, cd, d]))
    }

    /// What is left of it outside of the box in which it begins.
    pub(super) fn leaving(self, rect: Rect) -> Self {
        self.split(boundary(|part| rect.contains(self.at(part)))).1
    }

    /// What is left of it outside of the box in which it ends.
    pub(super) fn reaching(self, rect: Rect) -> Self {
        self.split(1.0 - boundary(|part| rect.contains(self.at(1.0 - part)))).0
    }

    /// What is left of it `length` before its end, which becomes an arrow's head: its tip, and the direction in which it
    /// points.
    pub(super) fn shortened(self, length: f64) -> (Self, Point, Point) {
        let tip = self.0[3];
        let near = boundary(|part| self.at(1.0 - part).minus(tip).length() < length);
        let rest = self.split(1.0 - near).0;
        (rest, tip, tip.minus(rest.0[3]).unit())
    }
}

/// Where `inside` ends, by bisection; it holds at 0. Half way if it never ends.
fn boundary(inside: impl Fn(f64) -> bool) -> f64 {
    const STEPS: u32 = 16;
    let Some(mut outside) = (1..=STEPS).map(|step| f64::from(step) / f64::from(STEPS)).find(|&part| !inside(part))
    else {
        return 0.5;
    };
    let mut within = outside - 1.0 / f64::from(STEPS);
    for _ in 0..16 {
        let middle = f64::midpoint(within, outside);
        if inside(middle) { within = middle } else { outside = middle }
    }
    outside
}
