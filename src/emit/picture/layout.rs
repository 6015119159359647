//! Where everything of a picture is: boxes, labels and arrows, before anything is drawn. Tests hold this value to what a reader expects: nothing overlaps, nothing is crossed, all is inside.

use super::measure::{self, Face};

/// A place, in pixels from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
}

impl Rect {
    /// A rectangle by its upper left corner and size.
    pub fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Its right edge.
    pub fn right(&self) -> i32 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }

    /// True when the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// True when the other lies inside, edges included.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }
}

/// A box.
#[derive(Debug, Clone)]
pub struct Area {
    /// Where it is.
    pub rect: Rect,
    /// The box that it stands in.
    pub within: Option<usize>,
    /// True for a piece of the box that it stands in, such as a port; it is drawn with it and leads where that leads.
    pub part: bool,
    /// The radius of its corners.
    pub round: i32,
    /// The classes by which the style knows it.
    pub class: String,
    /// Where it leads.
    pub href: Option<String>,
    /// All that it says, for a pointer that rests on it and for screen readers.
    pub says: String,
    /// The name by which a script finds it.
    pub key: Option<String>,
}

/// A line of text.
#[derive(Debug, Clone)]
pub struct Label {
    /// The left end of its baseline.
    pub at: Point,
    /// The text as shown.
    pub text: String,
    /// How it is set.
    pub face: Face,
    /// Its size.
    pub size: i32,
    /// The class by which the style knows it.
    pub class: &'static str,
    /// The box that it stands in.
    pub within: Option<usize>,
}

impl Label {
    /// The room it takes at most.
    pub fn bounds(&self) -> Rect {
        let width = measure::width(&self.text, self.face, self.size);
        let (up, down) = (ascent(self.size), descent(self.size));
        Rect::new(self.at.x, self.at.y - up, width, up + down)
    }
}

/// How far letters of a size rise above their baseline, accents aside.
pub(super) fn ascent(size: i32) -> i32 {
    (size * 4 + 4) / 5
}

/// How far they hang below it.
pub(super) fn descent(size: i32) -> i32 {
    (size + 3) / 4
}

/// An arrow along straight lines, from a box to a box.
#[derive(Debug, Clone)]
pub struct Arrow {
    /// The box that it leaves.
    pub from: usize,
    /// The box that it leads to.
    pub to: usize,
    /// Its corners, first and last on the edges of the two.
    pub points: Vec<Point>,
    /// The classes by which the style knows it.
    pub class: String,
}

/// A picture, laid out.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// What begins every id in it; such a picture lights the arrows of a box under the pointer, and stands once on a page.
    pub id: Option<&'static str>,
    /// The classes by which the style knows it.
    pub class: &'static str,
    /// Its title.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub description: String,
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// The boxes; a box stands behind the one it stands in.
    pub areas: Vec<Area>,
    /// The texts.
    pub labels: Vec<Label>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

impl Layout {
    /// Adds a box and returns its place.
    pub fn area(
        &mut self,
        rect: Rect,
        within: Option<usize>,
        round: i32,
        class: impl Into<String>,
    ) -> usize {
        self.areas.push(Area {
            rect,
            within,
            part: false,
            round,
            class: class.into(),
            href: None,
            says: String::new(),
            key: None,
        });
        self.areas.len() - 1
    }

    /// Adds a piece of a box and returns its place.
    pub fn part(&mut self, rect: Rect, of: usize, round: i32, class: impl Into<String>) -> usize {
        let at = self.area(rect, Some(of), round, class);
        self.areas[at].part = true;
        at
    }

    /// Adds a line of text, shortened to the room it has; returns the width it takes at most.
    pub fn label(
        &mut self,
        at: Point,
        room: i32,
        text: &str,
        style: Style,
        within: Option<usize>,
    ) -> i32 {
        let text = measure::elide(&measure::clean(text), style.face, style.size, room);
        if text.is_empty() {
            return 0;
        }
        let label = Label {
            at,
            text,
            face: style.face,
            size: style.size,
            class: style.class,
            within,
        };
        let width = label.bounds().width;
        self.labels.push(label);
        width
    }

    /// Adds a line of text that ends at a place; returns the width it takes at most.
    pub fn label_before(
        &mut self,
        end: Point,
        room: i32,
        text: &str,
        style: Style,
        within: Option<usize>,
    ) -> i32 {
        let text = measure::elide(&measure::clean(text), style.face, style.size, room);
        let width = measure::width(&text, style.face, style.size);
        let at = Point {
            x: end.x - width,
            y: end.y,
        };
        self.label(at, room, &text, style, within)
    }
}

/// How a label looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// How it is set.
    pub face: Face,
    /// Its size.
    pub size: i32,
    /// The class by which the style knows it.
    pub class: &'static str,
}

impl Style {
    /// A style.
    pub const fn new(face: Face, size: i32, class: &'static str) -> Self {
        Self { face, size, class }
    }
}
