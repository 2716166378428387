//! The language of what people read, and the catalogues of its sentences.
//!
//! A sentence stands in `l10n/en.ftl` and `l10n/zh-CN.ftl` (Project Fluent), once in each, under one
//! name. `t!` gives it in the language of the moment: that of the closest [`within`] of the thread.
//! The log, JSON keys and codes are English always, and so is what the daemon does outside of
//! `within`.

use std::cell::Cell;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// Gives a sentence of the catalogues in the language of the moment.
///
/// `t!("name", a = value, b = %shown)`: a number or a text goes in as it is, `%` is for what has a
/// `Display`. A number can choose between the forms of a word.
macro_rules! t {
    ($id:literal $(, $name:ident = $($value:tt)+)?) => {
        $crate::l10n::t!(@args $id, [] $($name = $($value)+)?)
    };
    (@args $id:literal, [$($done:tt)*]) => {
        $crate::l10n::message($id, &[$($done)*])
    };
    (@args $id:literal, [$($done:tt)*] $name:ident = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::l10n::t!(@args $id,
            [$($done)* (stringify!($name), $value.to_string().into()),] $($($rest)*)?)
    };
    (@args $id:literal, [$($done:tt)*] $name:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::l10n::t!(@args $id,
            [$($done)* (stringify!($name), ($value).into()),] $($($rest)*)?)
    };
}
pub(crate) use t;

/// A language of the sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese as it is written in mainland China.
    ZhCn,
}

/// All languages.
pub const ALL: [Lang; 2] = [Lang::En, Lang::ZhCn];

impl Lang {
    /// Returns its name in the config, on the command line and in HTML.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// Returns the language that a config, an option or a locale of POSIX names: `zh`, `zh-CN`,
    /// `zh_CN.UTF-8`, `en_GB`, `C`.
    pub fn parse(name: &str) -> Option<Self> {
        let language = name.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::ZhCn),
            "en" | "c" | "posix" => Some(Self::En),
            _ => None,
        }
    }

    /// Returns the language of the environment: of the first of `LC_ALL`, `LC_MESSAGES` and `LANG`
    /// that is set, or English if it is another.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
        locale.and_then(|locale| Self::parse(&locale)).unwrap_or_default()
    }
}

thread_local! {
    static CURRENT: Cell<Lang> = const { Cell::new(Lang::En) };
}

/// Returns the language of the moment: English, unless [`within`] says otherwise.
pub fn lang() -> Lang {
    CURRENT.get()
}

/// Goes on in another language, up to the end of the closest [`within`].
pub fn choose(lang: Lang) {
    CURRENT.set(lang);
}

/// Does something with another language.
pub fn within<T>(lang: Lang, work: impl FnOnce() -> T) -> T {
    /// Also after a panic the thread has its own language again.
    struct Restore(Lang);
    impl Drop for Restore {
        fn drop(&mut self) {
            choose(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(lang));
    work()
}

/// A sentence of a table, which is written when it is needed, in the language of the moment.
pub type Sentence = fn() -> String;

type Bundle = FluentBundle<FluentResource>;

static EN: LazyLock<Bundle> = LazyLock::new(|| bundle(Lang::En, include_str!("l10n/en.ftl")));
static ZH_CN: LazyLock<Bundle> =
    LazyLock::new(|| bundle(Lang::ZhCn, include_str!("l10n/zh-CN.ftl")));

fn bundle(lang: Lang, catalogue: &str) -> Bundle {
    let name: LanguageIdentifier = lang.name().parse().expect("a language has a valid name");
    // A broken message is left out and found by the test of the catalogues; the rest still serves.
    let resource =
        FluentResource::try_new(catalogue.to_owned()).unwrap_or_else(|(rest, errors)| {
            debug_assert!(errors.is_empty(), "{}: {errors:?}", lang.name());
            rest
        });
    let mut bundle = Bundle::new_concurrent(vec![name]);
    // The marks around arguments of other scripts are not for terminals.
    bundle.set_use_isolating(false);
    let doubled = bundle.add_resource(resource).err();
    debug_assert!(doubled.is_none(), "{}: {doubled:?}", lang.name());
    bundle
}

/// The arguments of a message: each with its name in the catalogues.
pub type Args<'a> = [(&'static str, fluent_bundle::FluentValue<'a>)];

/// Returns a message in the language of the moment; `t!` is the way to call it.
pub fn message(id: &str, args: &Args<'_>) -> String {
    let args: FluentArgs<'_> = args.iter().cloned().collect();
    let languages: &[&LazyLock<Bundle>] = match lang() {
        Lang::En => &[&EN],
        Lang::ZhCn => &[&ZH_CN, &EN],
    };
    let found = languages.iter().find_map(|bundle| {
        let pattern = bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        Some(text)
    });
    debug_assert!(found.is_some(), "no catalogue has {id}");
    found.unwrap_or_else(|| id.to_owned())
}

/// Returns a message that may be missing: what a language says of something that has its English
/// text elsewhere.
pub fn other_than_english(id: &str, args: &Args<'_>) -> Option<String> {
    match lang() {
        Lang::En => None,
        Lang::ZhCn => {
            let pattern = ZH_CN.get_message(id)?.value()?;
            let args: FluentArgs<'_> = args.iter().cloned().collect();
            let mut errors = Vec::new();
            let text = ZH_CN.format_pattern(pattern, Some(&args), &mut errors).into_owned();
            debug_assert!(errors.is_empty(), "{id}: {errors:?}");
            Some(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_in_the_ways_it_is_written() {
        for (name, lang) in [
            ("zh", Some(Lang::ZhCn)),
            ("zh-CN", Some(Lang::ZhCn)),
            ("zh_CN.UTF-8", Some(Lang::ZhCn)),
            ("en_GB.UTF-8", Some(Lang::En)),
            ("C", Some(Lang::En)),
            ("C.UTF-8", Some(Lang::En)),
            ("de_DE", None),
            ("", None),
        ] {
            assert_eq!(Lang::parse(name), lang, "{name}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let locale = |set: &'static [(&'static str, &'static str)]| {
            Lang::of_environment(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };

        assert_eq!(locale(&[]), Lang::En);
        assert_eq!(locale(&[("LANG", "zh_CN.UTF-8")]), Lang::ZhCn);
        assert_eq!(locale(&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")]), Lang::ZhCn);
        assert_eq!(locale(&[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
        assert_eq!(locale(&[("LC_ALL", "de_DE"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
    }

    #[test]
    fn a_message_has_its_arguments_in_the_language_of_the_moment() {
        let written = || t!("span-days", days = 1) + &t!("span-days", days = 2);

        assert_eq!(written(), "1 day2 days");
        assert_eq!(within(Lang::ZhCn, written), "1 天2 天");
        assert_eq!(written(), "1 day2 days");
    }
}
