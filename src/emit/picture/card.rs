//! A box with a few lines of text in it, as several pictures have them.

use super::layout::{Layout, Point, Rect, Style};
use super::measure::Face;

pub(super) const NAME: Style = Style::new(Face::Bold, 13, "pic-name");
pub(super) const SMALL: Style = Style::new(Face::Plain, 11, "pic-quiet");
pub(super) const CODE: Style = Style::new(Face::Mono, 11, "pic-code");
pub(super) const SMALL_CODE: Style = Style::new(Face::Mono, 10, "pic-code");
pub(super) const TINY: Style = Style::new(Face::Plain, 10, "pic-quiet");
pub(super) const PORT: Style = Style::new(Face::Mono, 12, "pic-code");

/// The room beside the text.
const PAD: i32 = 8;

/// What stands in a box and where it leads.
#[derive(Debug, Clone, Default)]
pub(super) struct Card {
    pub(super) class: String,
    pub(super) lines: Vec<(String, Style)>,
    pub(super) says: String,
    pub(super) href: Option<String>,
}

impl Card {
    /// A box of a class that says what its lines say.
    pub(super) fn new(class: &str, lines: Vec<(String, Style)>) -> Self {
        let said: Vec<&str> = lines.iter().map(|it| it.0.as_str()).collect();
        Self {
            class: class.to_owned(),
            says: said.join(", "),
            lines,
            href: None,
        }
    }

    /// The same, leading somewhere.
    pub(super) fn to(mut self, href: Option<String>) -> Self {
        self.href = href;
        self
    }

    /// The height its lines need.
    pub(super) fn height(&self) -> i32 {
        self.lines.iter().map(|it| it.1.size + 4).sum::<i32>() + 12
    }

    /// Draws it; returns its box.
    pub(super) fn draw(&self, layout: &mut Layout, rect: Rect, within: Option<usize>) -> usize {
        self.draw_from_top(layout, rect, rect.height, within)
    }

    /// Draws it with its lines in the upper part of the box; returns its box.
    pub(super) fn draw_from_top(
        &self,
        layout: &mut Layout,
        rect: Rect,
        upper: i32,
        within: Option<usize>,
    ) -> usize {
        let at = layout.area(rect, within, 6, self.class.clone());
        layout.areas[at].href.clone_from(&self.href);
        layout.areas[at].says.clone_from(&self.says);
        let place = Rect {
            height: upper,
            ..rect
        };
        self.write(layout, place, at);
        at
    }

    /// Writes its lines into a part of a box, from the middle up and down.
    fn write(&self, layout: &mut Layout, rect: Rect, at: usize) {
        let mut y = rect.y + (rect.height - self.height()) / 2 + 6;
        for (text, style) in &self.lines {
            y += style.size + 4;
            let place = Point {
                x: rect.x + PAD,
                y: y - 4,
            };
            layout.label(place, rect.width - 2 * PAD, text, *style, Some(at));
        }
    }
}
