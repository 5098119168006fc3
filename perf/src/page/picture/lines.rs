//! Lines over an axis, each with its name at its end.

use super::palette::{self, GRID, QUIET};
use super::{Axis, FONT, drawn, width};
use anyhow::{Result, ensure};
use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, LineSeries, SVGBackend,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, TextStyle};

const SIZE: (u32, u32) = (720, 380);
/// Space at the right for names: at least this, so that pictures on a page have their axes below one another.
const NAMES: i32 = 176;
/// Between a line and its name, and behind that.
const BESIDE: i32 = 9;
/// Names are at least so far from one another.
const APART: i32 = 17;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) name: String,
    /// Its points, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A picture with lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// To the right.
    pub(crate) across: Axis,
    /// Upwards.
    pub(crate) up: Axis,
    /// The data; those without points are left out.
    pub(crate) lines: Vec<Line>,
}

impl Lines {
    /// Draws.
    ///
    /// # Errors
    /// When there are no points.
    pub(crate) fn draw(&self) -> Result<String> {
        ensure!(
            self.lines.iter().any(|line| !line.points.is_empty()),
            "there is nothing to draw"
        );
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let names = self.chart(&root)?;
        for (index, (line, (x, y))) in self.lines.iter().zip(apart(&names)).enumerate() {
            let Some(x) = x else { continue };
            let at = Pos::new(HPos::Left, VPos::Center);
            let style = text(14, palette::series(index)).pos(at);
            drawn(root.draw(&Text::new(line.name.clone(), (x + BESIDE, y), style)))?;
        }
        // Above the axis, level: it is read without turning the head.
        let style = text(14, QUIET).pos(Pos::new(HPos::Left, VPos::Top));
        drawn(root.draw(&Text::new(self.up.label.clone(), (8, 4), style)))?;
        drawn(root.present())?;
        drop(root);
        Ok(svg)
    }

    /// Axes and lines; where each line ends.
    fn chart(&self, root: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<Vec<Option<(i32, i32)>>> {
        let names = self.lines.iter().map(|line| width(&line.name) + 2 * BESIDE);
        let names = names.fold(NAMES, i32::max);
        let mut chart = drawn(
            ChartBuilder::on(root)
                .margin_top(32)
                .margin_right(names)
                .margin_left(4)
                .margin_bottom(4)
                .x_label_area_size(46)
                .y_label_area_size(52)
                .build_cartesian_2d(self.across.clone(), self.up.clone()),
        )?;
        let mesh = chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID.rgb())
            .light_line_style(GRID.rgb().mix(0.0))
            .axis_style(GRID.rgb())
            .label_style(text(14, QUIET))
            .x_desc(self.across.label.as_str())
            .axis_desc_style(text(14, QUIET))
            .draw();
        drawn(mesh)?;
        let mut ends = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let colour = palette::series(index).rgb();
            let points = &line.points;
            let curve = LineSeries::new(points.iter().copied(), colour.stroke_width(2));
            drawn(chart.draw_series(curve))?;
            let dots = points.iter().map(|at| Circle::new(*at, 3, colour.filled()));
            drawn(chart.draw_series(dots))?;
            ends.push(points.last().map(|at| chart.backend_coord(at)));
        }
        Ok(ends)
    }
}

/// Text in a size and colour.
pub(super) fn text(size: u32, colour: palette::Colour) -> TextStyle<'static> {
    // The library takes sizes with the space around lines.
    let size = f64::from(size) * 1.24;
    (FONT, size)
        .into_font()
        .transform(FontTransform::None)
        .color(&colour.rgb())
}

/// Moves names up and down until none lies on another; the order stays.
fn apart(ends: &[Option<(i32, i32)>]) -> Vec<(Option<i32>, i32)> {
    let mut order: Vec<(usize, i32)> = ends
        .iter()
        .enumerate()
        .filter_map(|(index, end)| end.map(|(_, y)| (index, y)))
        .collect();
    order.sort_by_key(|(_, y)| *y);
    let mut placed: Vec<(Option<i32>, i32)> =
        ends.iter().map(|end| (end.map(|(x, _)| x), 0)).collect();
    // Upwards from the lowest: there is space above, and the axis below.
    let mut below = i32::MAX;
    for (index, y) in order.into_iter().rev() {
        below = y.min(below.saturating_sub(APART));
        placed[index].1 = below;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::{Axis, Line, Lines, apart, width};

    #[test]
    fn names_keep_their_distance() {
        let placed = apart(&[Some((5, 100)), Some((5, 98)), None, Some((5, 20))]);
        assert_eq!(
            placed,
            [(Some(5), 100), (Some(5), 83), (None, 0), (Some(5), 20)]
        );
    }

    #[test]
    fn a_long_name_has_room() {
        let name = "by a way that has a long name";
        let line = Line {
            name: name.into(),
            points: vec![(0.0, 1.0), (1.0, 2.0)],
        };
        let picture = Lines {
            across: Axis::from_zero("", 1.0),
            up: Axis::from_zero("", 2.0),
            lines: vec![line],
        };
        let svg = picture.draw().expect("a picture");
        let before = svg.split(name).next().expect("the text's own attributes");
        let x = before
            .rsplit("<text x=\"")
            .next()
            .and_then(|text| text.split('"').next());
        let x: i32 = x.expect("a place").parse().expect("a number");
        assert!(x + width(name) <= 720, "{x}");
    }

    #[test]
    fn all_is_there() {
        let line = |name: &str, points: &[(f64, f64)]| Line {
            name: name.into(),
            points: points.to_vec(),
        };
        let picture = Lines {
            across: Axis::of("words", vec![(0.0, "0".into()), (63.0, "63".into())], false),
            up: Axis::from_zero("instructions", 141.0),
            lines: vec![
                line("one <CPU>", &[(0.0, 79.0), (63.0, 141.0)]),
                line("none", &[]),
            ],
        };
        let svg = picture.draw().expect("a picture");
        for part in [
            "one &lt;CPU&gt;",
            "\nwords",
            "\ninstructions",
            "\n150",
            "\n63",
            "polyline",
        ] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
        assert!(svg.trim_end().ends_with("</svg>") && !svg.contains("none\n</text>"));
        let empty = Lines {
            lines: vec![line("", &[])],
            ..picture
        };
        assert!(empty.draw().is_err());
    }
}
