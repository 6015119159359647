//! A layout as SVG text: plain elements with classes, no script, no style attribute, no fonts, so that a strict Content-Security-Policy has nothing to object to.
//!
//! Colours come from the style sheet ([`super::STYLES`]); without one, presentation attributes keep the picture readable.

use std::fmt::Write as _;

use super::layout::{Area, Arrow, Label, Layout, Point};
use super::measure::{self, Face};

/// The fonts of a picture that stands alone.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/// The radius of an arrow's corners.
const BEND: i32 = 6;

/// Pictures of these widths give way a little where a page is narrower, and scroll where it is narrower still.
const SHRINKS: std::ops::RangeInclusive<i32> = 760..=960;

/// Draws a picture.
pub(super) fn draw(layout: &Layout) -> String {
    let mut out = String::with_capacity(512 + layout.areas.len() * 300 + layout.arrows.len() * 160);
    let (width, height) = (layout.width, layout.height);
    let fits = if SHRINKS.contains(&width) {
        " pic-fits"
    } else {
        ""
    };
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture {}{fits}\" role=\"group\" aria-label=\"{}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"{FONTS}\" fill=\"#1f2328\"><desc>{}</desc>",
        layout.class,
        escaped(&layout.title),
        escaped(&layout.description),
    );
    let pieces = Pieces::of(layout);
    for (at, area) in layout.areas.iter().enumerate() {
        if area.part {
            continue;
        }
        pieces.area(&mut out, at);
    }
    for label in layout.labels.iter().filter(|it| it.within.is_none()) {
        text(&mut out, label);
    }
    if layout.id.is_none() {
        for arrow in &layout.arrows {
            path(&mut out, arrow, None);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Which labels, pieces and arrows belong to each box.
struct Pieces<'a> {
    layout: &'a Layout,
    labels: Vec<Vec<usize>>,
    parts: Vec<Vec<usize>>,
    leaving: Vec<Vec<usize>>,
    arriving: Vec<Vec<usize>>,
}

impl<'a> Pieces<'a> {
    fn of(layout: &'a Layout) -> Self {
        let empty = vec![Vec::new(); layout.areas.len()];
        let mut pieces = Self {
            layout,
            labels: empty.clone(),
            parts: empty.clone(),
            leaving: empty.clone(),
            arriving: empty,
        };
        for (at, label) in layout.labels.iter().enumerate() {
            if let Some(within) = label.within {
                pieces.labels[within].push(at);
            }
        }
        for (at, area) in layout.areas.iter().enumerate() {
            if let (true, Some(within)) = (area.part, area.within) {
                pieces.parts[within].push(at);
            }
        }
        for (at, arrow) in layout.arrows.iter().enumerate() {
            pieces.leaving[arrow.from].push(at);
            pieces.arriving[arrow.to].push(at);
        }
        pieces
    }

    /// A box with all that belongs to it, and the arrows that it lights.
    fn area(&self, out: &mut String, at: usize) {
        let area = &self.layout.areas[at];
        let lights = !self.leaving[at].is_empty() || !self.arriving[at].is_empty();
        let id = self.layout.id.filter(|_| lights);
        if id.is_some() {
            out.push_str("<g class=\"pic-lit\">");
        }
        let element = if area.href.is_some() { "a" } else { "g" };
        let _ = write!(out, "<{element} class=\"pic-box\"");
        if let Some(href) = &area.href {
            let _ = write!(out, " href=\"{}\"", escaped(href));
        }
        if let Some(key) = &area.key {
            let _ = write!(out, " data-key=\"{}\"", escaped(key));
        }
        out.push('>');
        if !area.says.is_empty() {
            let _ = write!(out, "<title>{}</title>", escaped(&area.says));
        }
        self.inside(out, at);
        let _ = write!(out, "</{element}>");
        let Some(id) = id else { return };
        for arrow in &self.leaving[at] {
            path(out, &self.layout.arrows[*arrow], Some((id, *arrow)));
        }
        for arrow in &self.arriving[at] {
            let _ = write!(out, "<use href=\"#{id}-{arrow}\"/>");
        }
        out.push_str("</g>\n");
    }

    fn inside(&self, out: &mut String, at: usize) {
        rect(out, &self.layout.areas[at]);
        for label in &self.labels[at] {
            text(out, &self.layout.labels[*label]);
        }
        for part in &self.parts[at] {
            self.inside(out, *part);
        }
    }
}

fn rect(out: &mut String, area: &Area) {
    let it = area.rect;
    let _ = write!(
        out,
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        area.class, it.x, it.y, it.width, it.height
    );
    if area.round > 0 {
        let _ = write!(out, " rx=\"{}\"", area.round);
    }
    let _ = write!(out, "{}/>", plain_colours(&area.class));
}

fn text(out: &mut String, label: &Label) {
    let _ = write!(
        out,
        "<text class=\"{}\" x=\"{}\" y=\"{}\" font-size=\"{}\"",
        label.class, label.at.x, label.at.y, label.size
    );
    match label.face {
        Face::Plain => {}
        Face::Bold => out.push_str(" font-weight=\"600\""),
        Face::Mono => out.push_str(" font-family=\"ui-monospace, monospace\""),
    }
    if !measure::is_certain(&label.text) {
        let width = measure::width(&label.text, label.face, label.size);
        let _ = write!(
            out,
            " textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\""
        );
    }
    let _ = write!(out, ">{}</text>", escaped(&label.text));
}

/// An arrow: its line with round bends, and its head as two more strokes, so that it has one colour.
fn path(out: &mut String, arrow: &Arrow, id: Option<(&str, usize)>) {
    let _ = write!(out, "<path class=\"{}\"", arrow.class);
    if let Some((prefix, number)) = id {
        let _ = write!(out, " id=\"{prefix}-{number}\"");
    }
    out.push_str(" fill=\"none\" stroke=\"#8c959f\" d=\"");
    line(out, &arrow.points);
    head(out, &arrow.points);
    out.push_str("\"/>");
}

fn line(out: &mut String, points: &[Point]) {
    for (at, point) in points.iter().enumerate() {
        let _ = match (at.checked_sub(1).map(|it| points[it]), points.get(at + 1)) {
            (None, _) => write!(out, "M{} {}", point.x, point.y),
            (_, None) => write!(out, "L{} {}", point.x, point.y),
            (Some(before), Some(after)) => {
                let (near, far) = (toward(*point, before), toward(*point, *after));
                write!(
                    out,
                    "L{} {}Q{} {} {} {}",
                    near.x, near.y, point.x, point.y, far.x, far.y
                )
            }
        };
    }
}

/// A place a bend's radius away from a corner, and never beyond the middle of the line.
fn toward(corner: Point, other: Point) -> Point {
    let step = |from: i32, to: i32| (to - from).signum() * BEND.min((to - from).abs() / 2);
    Point {
        x: corner.x + step(corner.x, other.x),
        y: corner.y + step(corner.y, other.y),
    }
}

fn head(out: &mut String, points: &[Point]) {
    let [.., before, tip] = points else { return };
    let (x, y) = ((tip.x - before.x).signum(), (tip.y - before.y).signum());
    let (back_x, back_y) = (tip.x - 6 * x, tip.y - 6 * y);
    let _ = write!(
        out,
        "M{} {}L{} {}L{} {}",
        back_x - 4 * y,
        back_y - 4 * x,
        tip.x,
        tip.y,
        back_x + 4 * y,
        back_y + 4 * x
    );
}

/// What a box looks like where no style sheet is.
fn plain_colours(class: &str) -> &'static str {
    match class.split(' ').next().unwrap_or_default() {
        "pic-host" => " fill=\"#f6f8fa\" stroke=\"#d0d7de\"",
        "pic-strip" => " fill=\"#8c959f\"",
        "pic-none" => " fill=\"none\"",
        _ => " fill=\"#ffffff\" stroke=\"#d0d7de\"",
    }
}

/// Text between tags or in a quoted attribute of XML and HTML alike.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in measure::clean(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(letter),
        }
    }
    out
}
