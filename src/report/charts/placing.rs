//! Where a label stands so that it hides nothing: the first of some places that is free.

use super::svg::text_width;

/// Lines of text, one below the other, are so far apart.
pub(crate) const LEADING: f64 = 13.0;
/// Kept free around a text.
const MARGIN: f64 = 1.5;

type Point = (f64, f64);

/// A box: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area([f64; 4]);

/// A text of one line or more, set at the left.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) lines: Vec<String>,
    pub(crate) size: f64,
}

impl Block {
    pub(crate) fn width(&self) -> f64 {
        self.lines.iter().map(|l| text_width(l, self.size)).fold(0.0, f64::max)
    }

    /// From the first line's base to the last one's.
    pub(crate) fn depth(&self) -> f64 {
        self.lines.iter().skip(1).map(|_| LEADING).sum()
    }

    /// What it covers if its first line stands on this point.
    fn area(&self, (x, y): Point) -> Area {
        let (above, below) = (0.78 * self.size, 0.24 * self.size + self.depth());
        Area([x - MARGIN, y - above - MARGIN, x + self.width() + MARGIN, y + below + MARGIN])
    }
}

/// What a plot shows already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    segments: Vec<(Point, Point)>,
    areas: Vec<Area>,
}

impl Taken {
    /// A curve, or a straight line.
    pub(crate) fn curve(&mut self, points: &[Point]) {
        self.segments.extend(points.windows(2).map(|p| (p[0], p[1])));
    }

    /// A dot.
    pub(crate) fn dot(&mut self, (x, y): Point, r: f64) {
        self.areas.push(Area([x - r, y - r, x + r, y + r]));
    }

    /// The first of some places where a text meets nothing, or none.
    pub(crate) fn free(&self, block: &Block, places: &[Point]) -> Option<Point> {
        places.iter().copied().find(|at| self.met(block.area(*at)) == 0)
    }

    /// The place where a text meets the fewest things.
    pub(crate) fn least(&self, block: &Block, places: &[Point]) -> Option<Point> {
        places.iter().copied().min_by_key(|at| self.met(block.area(*at)))
    }

    /// A text is put there.
    pub(crate) fn put(&mut self, block: &Block, at: Point) {
        self.areas.push(block.area(at));
    }

    fn met(&self, area: Area) -> usize {
        let [left, top, right, bottom] = area.0;
        let touches = |other: &&Area| {
            let [l, t, r, b] = other.0;
            l < right && left < r && t < bottom && top < b
        };
        self.segments.iter().filter(|s| crosses(**s, area)).count()
            + self.areas.iter().filter(touches).count()
    }
}

/// Whether a segment has a point within a box (Liang & Barsky 1984: cut the segment at each side).
fn crosses(((x0, y0), (x1, y1)): (Point, Point), Area([left, top, right, bottom]): Area) -> bool {
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    let cuts =
        [(x0 - x1, x0 - left), (x1 - x0, right - x0), (y0 - y1, y0 - top), (y1 - y0, bottom - y0)];
    for (step, room) in cuts {
        if step == 0.0 {
            if room < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            enters = enters.max(room / step);
        } else {
            leaves = leaves.min(room / step);
        }
    }
    enters <= leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_boxes() {
        let area = Area([10.0, 10.0, 20.0, 20.0]);
        for inside in [
            ((12.0, 12.0), (13.0, 13.0)),
            ((0.0, 15.0), (30.0, 15.0)),
            ((15.0, 0.0), (15.0, 12.0)),
            // Through a corner's neighbourhood, both ends outside.
            ((8.0, 13.0), (13.0, 8.0)),
        ] {
            assert!(crosses(inside, area), "{inside:?}");
        }
        for outside in [
            ((0.0, 9.0), (30.0, 9.0)),
            ((5.0, 10.0), (10.0, 4.0)),
            ((21.0, 0.0), (21.0, 30.0)),
            ((0.0, 15.0), (9.0, 15.0)),
        ] {
            assert!(!crosses(outside, area), "{outside:?}");
        }
    }

    #[test]
    fn the_first_free_place_is_taken_once() {
        let block = Block { lines: vec!["text".into()], size: 10.0 };
        let mut taken = Taken::default();
        taken.curve(&[(0.0, 100.0), (100.0, 0.0)]);
        taken.dot((10.0, 20.0), 3.0);
        let places = [(45.0, 52.0), (5.0, 22.0), (60.0, 90.0), (5.0, 60.0)];
        assert_eq!(taken.free(&block, &places), Some((60.0, 90.0)));
        taken.put(&block, (60.0, 90.0));
        assert_eq!(taken.free(&block, &places), Some((5.0, 60.0)));
        taken.put(&block, (5.0, 60.0));
        assert_eq!(taken.free(&block, &places), None);
        assert_eq!(taken.least(&block, &places), Some((45.0, 52.0)));
        // Two lines reach further down: to the curve, here.
        let two = Block { lines: vec!["a".into(), "b".into()], size: 10.0 };
        assert_eq!(two.depth(), LEADING);
        let mut taken = Taken::default();
        taken.curve(&[(0.0, 30.0), (9.0, 30.0)]);
        assert_eq!(taken.free(&two, &[(2.0, 20.0), (2.0, 44.0)]), Some((2.0, 44.0)));
        assert_eq!(taken.free(&block, &[(2.0, 20.0)]), Some((2.0, 20.0)));
    }
}
