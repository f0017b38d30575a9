//! Building blocks for what Discord sends: each takes whatever JSON stands in its place, so that one odd field costs that field
//! and not the whole event.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A text. Numbers and yes/no are written out; anything else is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, unless there is none.
    #[must_use]
    pub fn some(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }
}

/// A whole number, also one in quotes; anything else is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Number(pub u64);

/// Yes or no; anything else is no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

/// A list; anything else is an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

/// An object; anything else is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maybe<T>(pub Option<Box<T>>);

/// An object with keys that are ids; anything else is an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T>(pub Vec<(String, T)>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Maybe<T> {
    /// The object, if there is one.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }
}

impl<T> Table<T> {
    /// What stands under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }
}

/// Takes anything for nothing; each visitor below says what it can use.
macro_rules! otherwise {
    ($value:ty, $default:expr, [$($method:ident($type:ty)),*]) => {
        type Value = $value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        $(fn $method<E: de::Error>(self, _: $type) -> Result<Self::Value, E> {
            Ok($default)
        })*

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok($default)
        }
    };
}

macro_rules! pass_seq {
    ($default:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($default)
        }
    };
}

macro_rules! pass_map {
    ($default:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($default)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            otherwise!(Text<'de>, Text::default(), []);
            pass_seq!(Text::default());
            pass_map!(Text::default());

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(if yes { "true" } else { "false" })))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            otherwise!(Number, Number(0), [visit_i64(i64), visit_f64(f64), visit_bool(bool)]);
            pass_seq!(Number(0));
            pass_map!(Number(0));

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Number(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Number(text.parse().unwrap_or_default()))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            otherwise!(Flag, Flag(false), [visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str)]);
            pass_seq!(Flag(false));
            pass_map!(Flag(false));

            fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Self::Value, E> {
                Ok(Flag(yes))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// What stands in the place of a list or an object of `T`.
struct Of<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Of<Many<T>> {
    otherwise!(
        Many<T>,
        Many::default(),
        [visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_bool(bool), visit_str(&str)]
    );
    pass_map!(Many::default());

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(next) = seq.next_element::<Maybe<T>>()? {
            all.extend(next.0.map(|b| *b));
        }
        Ok(Many(all))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Of::<Many<T>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Of<Maybe<T>> {
    otherwise!(
        Maybe<T>,
        Maybe(None),
        [visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_bool(bool), visit_str(&str)]
    );
    pass_seq!(Maybe(None));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| Maybe(Some(Box::new(value))))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Of::<Maybe<T>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Of<Table<T>> {
    otherwise!(
        Table<T>,
        Table::default(),
        [visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_bool(bool), visit_str(&str)]
    );
    pass_seq!(Table::default());

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Maybe<T>>()? {
            all.extend(value.0.map(|value| (key, *value)));
        }
        Ok(Table(all))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Of::<Table<T>>(PhantomData))
    }
}

/// A list of plain texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            otherwise!(
                Texts,
                Texts::default(),
                [visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_bool(bool), visit_str(&str)]
            );
            pass_map!(Texts::default());

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = seq.next_element::<Text<'_>>()? {
                    all.push(text.0.into_owned());
                }
                Ok(Texts(all))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}
