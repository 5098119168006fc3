//! Bars beside names, with their values at their ends.

use super::lines::text;
use super::palette::{self, GRID, INK, QUIET};
use super::{Axis, drawn, width};
use anyhow::{Result, ensure};
use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, IntoDrawingArea, PathElement, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: i32 = 720;
/// Space at the right for the last bar's value.
const VALUES: i32 = 76;
/// Above the bars: the label with the names of the kinds, and the axis.
const TOP: i32 = 54;
const THICK: i32 = 17;
const BETWEEN_GROUPS: i32 = 13;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Bars of one thing, one for each kind.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Its name.
    pub(crate) name: String,
    /// Value and text of each kind, as far as there is one.
    pub(crate) bars: Vec<Option<(f64, String)>>,
}

/// A picture with bars.
#[derive(Clone, Debug)]
pub(crate) struct Bars {
    /// To the right. Bars begin at its 0.
    pub(crate) across: Axis,
    /// The names of the kinds; a single one needs none.
    pub(crate) kinds: Vec<String>,
    /// From top to bottom.
    pub(crate) groups: Vec<Group>,
}

impl Group {
    fn height(&self) -> i32 {
        let bars = self.bars.iter().flatten().map(|_| THICK);
        bars.sum::<i32>().max(THICK) + BETWEEN_GROUPS
    }
}

impl Bars {
    /// Draws.
    ///
    /// # Errors
    /// When there are no bars.
    pub(crate) fn draw(&self) -> Result<String> {
        ensure!(!self.groups.is_empty(), "there is nothing to draw");
        let height = TOP + self.groups.iter().map(Group::height).sum::<i32>();
        let mut svg = String::new();
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        self.frame(&root, height)?;
        let mut y = TOP + BETWEEN_GROUPS / 2;
        for group in &self.groups {
            self.group(&root, group, y)?;
            y += group.height();
        }
        drawn(root.present())?;
        drop(root);
        Ok(svg)
    }

    /// The label, the names of the kinds in their colours, and the axis.
    fn frame(&self, root: &Area<'_>, height: i32) -> Result<()> {
        let mut words = vec![(self.across.label.as_str(), QUIET)];
        if self.kinds.len() > 1 {
            let kinds = self.kinds.iter().enumerate();
            words.extend(kinds.map(|(index, kind)| (kind.as_str(), palette::series(index))));
        }
        let mut x = 8;
        for (word, colour) in words {
            let style = text(14, colour).pos(Pos::new(HPos::Left, VPos::Top));
            drawn(root.draw(&Text::new(word.to_owned(), (x, 4), style)))?;
            x += width(word) + 24;
        }
        for (place, mark) in self.across.marks() {
            let x = self.x(place);
            let line = PathElement::new(vec![(x, TOP - 6), (x, height)], GRID.rgb());
            drawn(root.draw(&line))?;
            let style = text(13, QUIET).pos(Pos::new(HPos::Center, VPos::Bottom));
            drawn(root.draw(&Text::new(mark.to_owned(), (x, TOP - 8), style)))?;
        }
        Ok(())
    }

    fn group(&self, root: &Area<'_>, group: &Group, top: i32) -> Result<()> {
        let (left, zero) = (self.left(), self.x(0.0));
        let middle = top + (group.height() - BETWEEN_GROUPS) / 2;
        let style = text(14, INK).pos(Pos::new(HPos::Right, VPos::Center));
        drawn(root.draw(&Text::new(group.name.clone(), (left - 8, middle), style)))?;
        let mut y = top;
        for (kind, bar) in group.bars.iter().enumerate() {
            let Some((value, words)) = bar else { continue };
            let fill = palette::series(kind).rgb().filled();
            let ends = [zero, self.x(self.across.place(*value))];
            let (begin, end) = (ends[0].min(ends[1]), ends[0].max(ends[1]).max(zero + 1));
            drawn(root.draw(&Rectangle::new(
                [(begin, y + 1), (end, y + THICK - 1)],
                fill,
            )))?;
            let style = text(13, INK).pos(Pos::new(HPos::Left, VPos::Center));
            drawn(root.draw(&Text::new(words.clone(), (end + 5, y + THICK / 2), style)))?;
            y += THICK;
        }
        Ok(())
    }

    /// Where bars begin: names are left of it.
    fn left(&self) -> i32 {
        let names = self.groups.iter().map(|group| width(&group.name));
        names.max().unwrap_or(0).min(WIDTH / 2) + 16
    }

    /// The column of a place on the axis.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a share of the picture's width is small"
    )]
    fn x(&self, place: f64) -> i32 {
        let range = self.across.places();
        let share = (place - range.start) / (range.end - range.start);
        let left = self.left();
        left + (share.clamp(0.0, 1.0) * f64::from(WIDTH - VALUES - left)).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, Bars, Group, WIDTH};

    fn picture() -> Bars {
        let group = |name: &str, values: &[Option<f64>]| Group {
            name: name.into(),
            bars: values
                .iter()
                .map(|value| value.map(|value| (value, format!("{value} of it"))))
                .collect(),
        };
        Bars {
            across: Axis::from_zero("more", 50.0),
            kinds: vec!["8 words".into(), "4 KiB".into()],
            groups: vec![
                group("a & b", &[Some(50.0), Some(0.0)]),
                group("c", &[None, Some(25.0)]),
            ],
        }
    }

    #[test]
    fn all_is_there() {
        let svg = picture().draw().expect("a picture");
        for part in [
            "a &amp; b",
            "50 of it",
            "25 of it",
            "8 words",
            "4 KiB",
            "\nmore",
        ] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
        assert_eq!(svg.matches("<rect").count(), 3);
        let none = Bars {
            groups: Vec::new(),
            ..picture()
        };
        assert!(none.draw().is_err());
    }

    #[test]
    fn what_is_below_zero_goes_to_the_left() {
        let mut bars = picture();
        bars.across = Axis::around_zero("more", -10.0, 50.0);
        bars.groups[0].bars[1] = Some((-10.0, "less".into()));
        assert!(bars.left() <= bars.x(-10.0) && bars.x(-10.0) < bars.x(0.0));
        let svg = bars.draw().expect("a picture");
        let bar = format!("<rect x=\"{}\"", bars.x(-10.0));
        assert!(svg.contains(&bar), "{bar} is not in {svg}");
    }

    #[test]
    fn bars_stay_inside() {
        let picture = picture();
        assert_eq!(picture.x(-5.0), picture.left());
        assert!(picture.x(1e9) < WIDTH);
        assert!(picture.x(25.0) > picture.left());
    }
}
