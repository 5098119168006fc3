//! Axes: where values lie, and which of them are written.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use std::ops::Range;

/// Share of the axis that stays free at an end, so that no data lies on the frame.
const FREE: f64 = 0.03;
/// Share of the axis that a text needs.
const CLOSE: f64 = 0.04;

/// One direction of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// What is measured, and its unit.
    pub(crate) label: String,
    marks: Vec<(f64, String)>,
    is_log: bool,
    is_from_mark: bool,
}

impl Axis {
    /// The values that are written are those of the data, in rising order. With `is_log`, each that is twice another
    /// is as far from it. Of values that are too close to be read the last one is written.
    pub(crate) fn of(label: &str, marks: Vec<(f64, String)>, is_log: bool) -> Self {
        let mut axis = Self {
            label: label.into(),
            marks,
            is_log,
            is_from_mark: false,
        };
        let Range { start, end } = axis.places();
        let places: Vec<f64> = axis.marks().map(|(place, _)| place).collect();
        let next = places.iter().skip(1).map(Some).chain([None]);
        let is_free: Vec<bool> = places
            .iter()
            .zip(next)
            .map(|(place, next)| next.is_none_or(|next| next - place > (end - start) * CLOSE))
            .collect();
        let mut is_free = is_free.into_iter();
        axis.marks.retain(|_| is_free.next() == Some(true));
        axis
    }

    /// From 0 to at least `most`, in round steps.
    pub(crate) fn from_zero(label: &str, most: f64) -> Self {
        Self::around_zero(label, 0.0, most)
    }

    /// From `least` or less, which is not above 0, to at least `most`, which is above 0, in round steps.
    pub(crate) fn around_zero(label: &str, least: f64, most: f64) -> Self {
        let step = round_step((most - least) / 6.0);
        let count = (most / step).ceil().max(1.0);
        let first = (least.min(0.0) / step).floor();
        let values = std::iter::successors(Some(first), |last| Some(last + 1.0));
        let marks = values
            .take_while(|index| *index <= count)
            .map(|index| (index * step, written(index * step)));
        Self {
            label: label.into(),
            marks: marks.collect(),
            is_log: false,
            is_from_mark: true,
        }
    }

    /// The powers of ten around `least` and `most`, which are above 0.
    pub(crate) fn tens(label: &str, least: f64, most: f64) -> Self {
        let first = least.log10().floor();
        let last = most.log10().ceil().max(first + 1.0);
        let powers = std::iter::successors(Some(first), |power| Some(power + 1.0));
        let marks = powers
            .take_while(|power| *power <= last)
            .map(|power| (10f64.powf(power), written(10f64.powf(power))));
        Self {
            label: label.into(),
            marks: marks.collect(),
            is_log: true,
            is_from_mark: true,
        }
    }

    /// Where a value lies.
    pub(crate) fn place(&self, value: f64) -> f64 {
        if self.is_log { value.log2() } else { value }
    }

    /// From the first place to the last one.
    pub(crate) fn places(&self) -> Range<f64> {
        let places = self.marks.iter().map(|(value, _)| self.place(*value));
        let first = places.clone().fold(f64::INFINITY, f64::min);
        let last = places.fold(f64::NEG_INFINITY, f64::max);
        let span = if last > first { last - first } else { 1.0 };
        let free = if self.is_from_mark { 0.0 } else { span * FREE };
        first - free..first + span + free
    }

    /// The values that are written and their texts, by place.
    pub(crate) fn marks(&self) -> impl Iterator<Item = (f64, &str)> {
        self.marks
            .iter()
            .map(|(value, text)| (self.place(*value), text.as_str()))
    }
}

/// For the drawing library, which takes data as they are.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let places: RangedCoordf64 = self.places().into();
        places.map(&self.place(*value), limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        let ends = self.places();
        if self.is_log {
            ends.start.exp2()..ends.end.exp2()
        } else {
            ends
        }
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let found = self.marks.iter().find(|(at, _)| at == value);
        found.map_or_else(String::new, |(_, text)| text.clone())
    }
}

/// The next of 1, 2, 5, 10, 20, ... that is not below, for any power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    let found = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|digit| digit * power >= step);
    found.unwrap_or(10.0) * power
}

/// A round figure; large ones with a unit.
fn written(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value => format!("{}", (value * 1e6).round() / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::{Axis, ValueFormatter, round_step};

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.marks().map(|(_, text)| text).collect()
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(
            [0.3, 7.0, 20.0, 21.0].map(round_step),
            [0.5, 10.0, 20.0, 50.0]
        );
        let axis = Axis::from_zero("", 141.0);
        assert_eq!(texts(&axis), ["0", "50", "100", "150"]);
        assert_eq!(axis.places(), 0.0..150.0);
        assert_eq!(texts(&Axis::from_zero("", 1.0)).last(), Some(&"1"));
        let axis = Axis::around_zero("", -3.0, 141.0);
        assert_eq!(texts(&axis), ["-50", "0", "50", "100", "150"]);
    }

    #[test]
    fn powers_of_ten_enclose_the_data() {
        assert_eq!(
            texts(&Axis::tens("", 79.0, 12_000.0)),
            ["10", "100", "1000", "10k", "100k"]
        );
        assert_eq!(texts(&Axis::tens("", 10.0, 10.0)), ["10", "100"]);
    }

    #[test]
    fn the_texts_are_at_their_places() {
        let marks = vec![(512.0, "512".to_owned()), (4096.0, "4 KiB".to_owned())];
        let axis = Axis::of("", marks, true);
        assert_eq!(
            (axis.format_ext(&4096.0), axis.format_ext(&1024.0)),
            ("4 KiB".into(), String::new())
        );
        assert!(axis.places().start < 9.0 && axis.places().end > 12.0);
    }
}
