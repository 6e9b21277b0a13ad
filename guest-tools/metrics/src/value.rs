//! Values and sums of them, as answers have them.

use haproxy_replies::metrics::Number;
use serde::{Serialize, Serializer};

/// Below this, floats hold whole numbers exactly (2 to the 53rd).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value in an answer: a number, or a text where JSON has no such number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Written(pub(crate) Number);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::Whole(number) => serializer.serialize_u64(number),
            Number::Float(number) if number.fract() == 0.0 && number.abs() < EXACT =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it is whole and far from the end"
                )]
                serializer.serialize_i64(number as i64)
            }
            Number::Float(number) if number.is_finite() => serializer.serialize_f64(number),
            Number::Float(number) if number > 0.0 => serializer.serialize_str("+Inf"),
            Number::Float(number) if number < 0.0 => serializer.serialize_str("-Inf"),
            Number::Float(_) => serializer.serialize_str("NaN"),
        }
    }
}

/// A sum that is exact as long as all of it is whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    whole: u128,
    fraction: Option<f64>,
    pub(crate) series: u64,
    pub(crate) max: Option<Number>,
}

impl Sum {
    pub(crate) fn add(&mut self, number: Number) {
        match number {
            Number::Whole(number) => self.whole += u128::from(number),
            Number::Float(number) => *self.fraction.get_or_insert(0.0) += number,
        }
        self.series += 1;
        if self.max.is_none_or(|max| as_float(number) > as_float(max)) {
            self.max = Some(number);
        }
    }

    pub(crate) fn number(&self) -> Number {
        match (self.fraction, u64::try_from(self.whole)) {
            (None, Ok(whole)) => Number::Whole(whole),
            (fraction, _) => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a sum with a fraction, or one that no counter reaches"
                )]
                let sum = self.whole as f64 + fraction.unwrap_or(0.0);
                Number::Float(rounded(sum))
            }
        }
    }
}

/// To the millionth, as HAProxy writes fractions: what adding them does behind that says nothing.
fn rounded(number: f64) -> f64 {
    const STEPS: f64 = 1_000_000.0;
    if number.abs() < 1e9 {
        (number * STEPS).round() / STEPS
    } else {
        number
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "to tell which is larger; two that are alike are as good"
)]
pub(crate) const fn as_float(number: Number) -> f64 {
    match number {
        Number::Whole(number) => number as f64,
        Number::Float(number) => number,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn sum(numbers: &[Number]) -> Sum {
        let mut sum = Sum::default();
        for number in numbers {
            sum.add(*number);
        }
        sum
    }

    #[test]
    fn whole_numbers_stay_exact() {
        let large = sum(&[Number::Whole(1 << 60), Number::Whole(1)]);
        assert_eq!(large.number(), Number::Whole((1 << 60) + 1));
        assert_eq!((large.series, large.max), (2, Some(Number::Whole(1 << 60))));
        let beyond = sum(&[Number::Whole(u64::MAX), Number::Whole(u64::MAX)]);
        assert_eq!(beyond.number(), Number::Float(36_893_488_147_419_103_232.0));
        assert_eq!(sum(&[]).number(), Number::Whole(0));
    }

    #[test]
    fn fractions_add_up_to_what_they_look_like() {
        let tenths = sum(&[Number::Float(0.1), Number::Float(0.2), Number::Whole(1)]);
        assert_eq!(tenths.number(), Number::Float(1.3));
        assert_eq!(tenths.max, Some(Number::Whole(1)));
    }

    #[test]
    fn what_json_has_no_number_for_is_a_text() {
        let written = |number| serde_json::to_string(&Written(Number::Float(number))).unwrap();
        assert_eq!(written(f64::INFINITY), "\"+Inf\"");
        assert_eq!(written(f64::NEG_INFINITY), "\"-Inf\"");
        assert_eq!(
            (written(0.25), written(-1.0)),
            ("0.25".to_owned(), "-1".to_owned())
        );
    }
}
