//! The table of return codes and their meaning.
//!
//! Each code (or run of codes) has one row, with what happened and what an operator can do about
//! it. The rows are written for a mass send, where a wrong reading costs most; [`for_token`],
//! [`for_query`] and [`for_api_call`] hold the differences for requests that can send nothing
//! twice. The errmsg is never matched: its text varies between servers. How often a meaning is
//! acted on (a new token once, a retry until `retry_for`) is decided elsewhere.

use crate::l10n;
use crate::model::console;

/// What a response of the platform means for its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The platform accepted it.
    Accepted,
    /// The platform accepted it earlier, and its response contains the `msg_id`.
    Adopt,
    /// It may have been accepted: retry with the same `clientmsgid` and body, no sooner than 61 s.
    InDoubt,
    /// Certainly not accepted; the same request may succeed later.
    Retry {
        /// The shortest wait.
        after_s: u32,
    },
    /// Certainly not accepted: the token is not valid (any more).
    InvalidToken,
    /// Certainly not accepted: a quota is used up.
    NextWindow(NextWindow),
    /// Certainly not accepted, and the same request never will be.
    Reject,
    /// Certainly not accepted, and no other request of this account will be until an operator acts.
    PauseAccount,
}

/// Which quota is used up, and so what to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextWindow {
    /// The account's broadcasts (45028): its next free day or month.
    Broadcasts,
    /// The calls of this kind (45009): the next day.
    Calls,
    /// A quota that is counted by the day (45093).
    Day,
    /// A quota that is counted by the month (45040).
    Month,
}

/// One return code, or a run of codes with one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first code of the run.
    pub first: i64,
    /// The last code of the run; the first again for a single code.
    pub last: i64,
    /// What it means for us.
    pub verdict: Verdict,
    /// The name of its sentence in the catalogues, if it is not that of its first code.
    what: Option<&'static str>,
    /// The name of its advice in the catalogues.
    advice: &'static str,
    /// Whether it passes by itself, so that the operator has nothing to do.
    pub passes: bool,
}

impl Row {
    /// Returns what happened, as a sentence without capital and full stop.
    pub fn what(&self) -> String {
        match self.what {
            Some(named) => message(named),
            None => message(&format!("code-{}", self.first)),
        }
    }

    /// Returns what an operator can do, in the imperative; if it passes by itself, what happens
    /// then.
    pub fn advice(&self) -> String {
        message(self.advice)
    }

    /// Returns what an operator can do; none if it passes by itself.
    pub fn helps(&self) -> Option<String> {
        (!self.passes).then(|| self.advice())
    }

    /// Says whether the account's appid or secret is what to correct.
    pub fn doubts_secret(&self) -> bool {
        self.advice == CONFIG
    }
}

/// Returns a sentence of the table, which may name a place on the platform's websites.
fn message(id: &str) -> String {
    let places = [
        ("keys", console::keys().into()),
        ("rights", console::rights().into()),
        ("history", console::history().into()),
        ("notices", console::notices().into()),
        ("site", console::site().into()),
    ];
    l10n::message(id, &places)
}

/// How long to send the platform nothing after a refusal that passes by itself.
///
/// The platform says "a minute"; the second is a margin.
pub const WAIT_S: u32 = 61;
/// The code for a media id that the platform does not have, or no longer has.
pub const NO_SUCH_MEDIA_ID: i64 = 40007;
/// The code for a `msg_id` that the platform's API does not have, or no longer has.
pub const NO_SUCH_MSG_ID: i64 = 40059;
/// The account has no menu that was made by the API.
pub const NO_MENU: i64 = 46003;
/// The account has no menu for some followers only with this number.
pub const NO_MENUID: i64 = 65301;

/// Returns whether a code means that the platform has no tag with this id.
pub fn is_no_tag(code: i64) -> bool {
    matches!(code, 40_050 | 45_159)
}

/// Returns the meaning of `code` in the response to a mass send.
///
/// A code that is not in the table leaves the outcome unknown: undocumented ones occurred on
/// broadcasts that were sent.
pub fn for_send(code: i64) -> Row {
    find(SENDS, code).unwrap_or(Row { first: code, last: code, ..UNKNOWN })
}

/// Returns the meaning of `code` in the response of a token endpoint.
///
/// A token request can send nothing twice, so nothing is in doubt. A permanent refusal concerns the
/// whole account, because without a token it can release nothing.
pub fn for_token(code: i64) -> Row {
    let row = find(TOKENS, code).unwrap_or_else(|| for_send(code));
    let verdict = match row.verdict {
        Verdict::Reject => Verdict::PauseAccount,
        Verdict::Adopt | Verdict::InDoubt | Verdict::InvalidToken => {
            Verdict::Retry { after_s: WAIT_S }
        }
        Verdict::Accepted
        | Verdict::Retry { .. }
        | Verdict::NextWindow(_)
        | Verdict::PauseAccount => row.verdict,
    };
    Row { verdict, ..row }
}

/// Returns the meaning of `code` in the response to a query (`mass/get`, `tags/get`).
///
/// A query can be repeated without harm, so nothing is in doubt.
pub fn for_query(code: i64) -> Row {
    let row = for_send(code);
    let verdict = match row.verdict {
        Verdict::Adopt | Verdict::InDoubt => Verdict::Retry { after_s: WAIT_S },
        Verdict::Accepted
        | Verdict::Retry { .. }
        | Verdict::InvalidToken
        | Verdict::NextWindow(_)
        | Verdict::Reject
        | Verdict::PauseAccount => row.verdict,
    };
    Row { verdict, ..row }
}

/// Returns the meaning of `code` in the response to a call that is not a broadcast.
///
/// Menus and QR codes have codes of their own, which no document names for a broadcast.
pub fn for_api_call(code: i64) -> Row {
    find(API_CALLS, code).unwrap_or_else(|| for_query(code))
}

/// Returns whether the platform may have done what was requested although it returned `code`.
pub fn leaves_in_doubt(code: i64) -> bool {
    find(API_CALLS, code).is_none() && for_send(code).verdict == Verdict::InDoubt
}

/// Returns whether a table has a row for `code`.
pub fn is_known(code: i64) -> bool {
    [SENDS, TOKENS, API_CALLS].iter().any(|table| find(table, code).is_some())
}

fn find(table: &[Row], code: i64) -> Option<Row> {
    table.iter().find(|row| (row.first..=row.last).contains(&code)).copied()
}

const fn row(code: i64, verdict: Verdict, advice: &'static str) -> Row {
    Row { first: code, last: code, verdict, what: None, advice, passes: false }
}

/// A row whose sentence is another than that of its code in other tables.
const fn named(what: &'static str, row: Row) -> Row {
    Row { what: Some(what), ..row }
}

/// A code whose cause passes by itself.
const fn passing(code: i64, verdict: Verdict, advice: &'static str) -> Row {
    Row { passes: true, ..row(code, verdict, advice) }
}

const fn upto(last: i64, row: Row) -> Row {
    Row { last, ..row }
}

const WAIT: Verdict = Verdict::Retry { after_s: WAIT_S };

const NOTHING: &str = "code-advice-nothing";
const MEDIA: &str = "code-advice-media";
const VIDEO: &str = "code-advice-video";
const TARGETS: &str = "code-advice-targets";
const CONTENT: &str = "code-advice-content";
const MENU: &str = "code-advice-menu";
const CONSOLE_MENU: &str = "code-advice-console-menu";
const CODE: &str = "code-advice-code";
const CONSOLE: &str = "code-advice-console";
const CONFIG: &str = "code-advice-config";
const ADMINISTRATOR: &str = "code-advice-administrator";
const OURS: &str = "code-advice-ours";

const UNKNOWN: Row = named("code-unknown", passing(0, Verdict::InDoubt, "code-unknown-advice"));

/// The codes that mean something else at a token endpoint.
const TOKENS: &[Row] = &[named("code-40001-token", row(40001, Verdict::PauseAccount, CONFIG))];

/// Codes of menus and QR codes, by ascending code.
const API_CALLS: &[Row] = {
    use Verdict::Reject;
    &[
        row(40015, Reject, MENU),
        row(40016, Reject, MENU),
        row(40017, Reject, MENU),
        row(40018, Reject, MENU),
        row(40019, Reject, MENU),
        row(40020, Reject, MENU),
        row(40021, Reject, OURS),
        row(40022, Reject, MENU),
        row(40023, Reject, MENU),
        row(40024, Reject, MENU),
        row(40025, Reject, MENU),
        row(40026, Reject, MENU),
        row(40027, Reject, MENU),
        row(40028, Reject, CONSOLE_MENU),
        row(40052, Reject, CODE),
        row(40053, Reject, CODE),
        row(40054, Reject, MENU),
        row(40055, Reject, MENU),
        row(41007, Reject, MENU),
        row(45010, Reject, CONSOLE_MENU),
        row(45029, Reject, "code-45029-advice"),
        row(45064, Reject, "code-45064-advice"),
        named("code-48001-call", row(48001, Reject, "code-48001-call-advice")),
        row(53600, Reject, MENU),
        row(NO_MENUID, Reject, MENU),
        row(65302, Reject, "code-65302-advice"),
        row(65303, Reject, "code-65303-advice"),
        row(65304, Reject, MENU),
        row(65305, Reject, CONSOLE_MENU),
        row(65306, Reject, CONSOLE_MENU),
        row(65307, Reject, MENU),
        row(65308, Reject, MENU),
        row(65309, Reject, CONSOLE_MENU),
        row(65316, Reject, MENU),
        row(65317, Reject, MENU),
        row(65320, Reject, MENU),
    ]
};

/// The table, by ascending code.
const SENDS: &[Row] = {
    use NextWindow::{Broadcasts, Calls, Day, Month};
    use Verdict::{
        Accepted, Adopt, InDoubt, InvalidToken, NextWindow as Next, PauseAccount as Pause, Reject,
    };
    &[
        passing(-1, InDoubt, NOTHING),
        passing(0, Accepted, "code-0-advice"),
        passing(40001, InvalidToken, NOTHING),
        row(40002, Reject, OURS),
        row(40003, Reject, TARGETS),
        upto(40006, row(40004, Reject, MEDIA)),
        row(NO_SUCH_MEDIA_ID, Reject, MEDIA),
        row(40008, Reject, CONTENT),
        upto(40012, row(40009, Reject, MEDIA)),
        row(40013, Pause, CONFIG),
        passing(40014, InvalidToken, NOTHING),
        row(40031, Reject, TARGETS),
        row(40032, Reject, OURS),
        row(40033, Reject, OURS),
        row(40035, Reject, CONTENT),
        row(40050, Reject, "code-40050-advice"),
        row(NO_SUCH_MSG_ID, Reject, "code-40059-advice"),
        row(40060, Reject, "code-40060-advice"),
        row(40097, Reject, CONTENT),
        row(40118, Reject, MEDIA),
        row(40121, Reject, MEDIA),
        row(40125, Pause, CONFIG),
        row(40130, Reject, "code-40130-advice"),
        row(40132, Reject, "code-40132-advice"),
        row(40164, Pause, "code-40164-advice"),
        row(40227, Reject, CONTENT),
        row(40243, Pause, "code-40243-advice"),
        upto(41004, row(41001, Reject, CONFIG)),
        row(41040, Reject, CONTENT),
        passing(42001, InvalidToken, NOTHING),
        passing(42010, WAIT, NOTHING),
        row(43004, Reject, TARGETS),
        row(43019, Reject, TARGETS),
        upto(44004, row(44002, Reject, CONTENT)),
        upto(44009, row(44008, Reject, CONTENT)),
        upto(45008, row(45001, Reject, CONTENT)),
        passing(45009, Next(Calls), "code-45009-advice"),
        passing(45011, WAIT, NOTHING),
        row(45019, Reject, OURS),
        passing(45028, Next(Broadcasts), "code-45028-advice"),
        passing(45040, Next(Month), "code-45040-advice"),
        row(45052, Reject, CONTENT),
        row(45062, Reject, "code-45062-advice"),
        passing(45065, Adopt, "code-45065-advice"),
        passing(45066, InDoubt, NOTHING),
        row(45067, Reject, OURS),
        upto(45084, row(45083, Reject, "code-45083-advice")),
        passing(45085, WAIT, NOTHING),
        passing(45093, Next(Day), "code-45093-advice"),
        row(45102, Pause, CONSOLE),
        row(45103, Reject, OURS),
        row(45106, Reject, OURS),
        row(45110, Reject, CONTENT),
        row(45159, Reject, "code-45159-advice"),
        row(45161, Reject, VIDEO),
        row(45166, Reject, CONTENT),
        row(45168, Reject, CONTENT),
        row(45501, Pause, CONSOLE),
        row(46001, Reject, MEDIA),
        row(46004, Reject, TARGETS),
        passing(46007, WAIT, NOTHING),
        upto(47002, row(47001, Reject, OURS)),
        row(48001, Reject, "code-48001-advice"),
        row(48002, Reject, TARGETS),
        row(48003, Pause, "code-48003-advice"),
        row(48004, Pause, CONSOLE),
        row(48008, Reject, CONTENT),
        row(48013, Reject, VIDEO),
        row(48014, Reject, CONTENT),
        row(48021, Reject, "code-48021-advice"),
        row(50001, Pause, CONSOLE),
        row(50002, Pause, CONSOLE),
        row(50004, Pause, CONSOLE),
        row(50005, Reject, TARGETS),
        row(53500, Reject, CONSOLE),
        passing(53501, WAIT, NOTHING),
        row(53502, Reject, OURS),
        upto(61023, row(61003, Reject, CONSOLE)),
        upto(89505, row(89501, WAIT, ADMINISTRATOR)),
        row(89506, Pause, CONSOLE),
        row(89507, Pause, CONSOLE),
        row(200_011, Pause, CONSOLE),
        row(9_001_001, Reject, CONTENT),
        passing(268_488_001, InDoubt, NOTHING),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    const ELSEWHERE: &[i64] = &[-2, 1, 40249, 45064, 999_999, i64::MAX, i64::MIN];

    fn all_codes() -> Vec<i64> {
        SENDS.iter().flat_map(|row| row.first..=row.last).collect()
    }

    #[test]
    fn the_rows_are_sorted_and_no_code_has_two() {
        for pair in SENDS.windows(2).chain(API_CALLS.windows(2)) {
            assert!(pair[0].first <= pair[0].last, "{:?}", pair[0]);
            assert!(pair[0].last < pair[1].first, "{} then {}", pair[0].last, pair[1].first);
        }
    }

    #[test]
    fn every_row_says_what_happened_and_what_to_do() {
        for row in SENDS.iter().chain(TOKENS).chain(API_CALLS) {
            for text in [row.what(), row.advice()] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", row.first);
                assert!(!text.starts_with(char::is_uppercase), "{}: {text}", row.first);
            }
            assert_eq!(row.passes, row.advice().starts_with("nothing"), "{}", row.first);
        }
    }

    #[test]
    fn every_sentence_of_the_catalogue_is_of_a_row() {
        let catalogue = include_str!("../l10n/en.ftl").lines();
        let named = catalogue.filter_map(|line| line.split_once(" =").map(|(id, _)| id));

        let rows = || SENDS.iter().chain(TOKENS).chain(API_CALLS).chain([&UNKNOWN]);
        let of_code = |row: &Row| format!("code-{}", row.first);
        let used: Vec<_> = rows()
            .flat_map(|row| {
                [row.what.map_or_else(|| of_code(row), str::to_owned), row.advice.into()]
            })
            .collect();
        let idle: Vec<_> = named
            .filter(|id| id.starts_with("code-") && !used.iter().any(|used| used == id))
            .collect();

        assert!(idle.is_empty(), "{idle:?}");
    }

    #[test]
    fn a_mass_send_is_in_doubt_unless_the_table_is_certain() {
        for &code in [-1, 45066, 268_488_001].iter().chain(ELSEWHERE) {
            assert_eq!(for_send(code).verdict, Verdict::InDoubt, "{code}");
        }
        let doubtful =
            all_codes().iter().filter(|c| for_send(**c).verdict == Verdict::InDoubt).count();
        assert_eq!(doubtful, 3);
    }

    #[test]
    fn each_class_of_the_documents_has_its_meaning_on_a_send() {
        let classes: &[(&[i64], Verdict)] = &[
            (&[0], Verdict::Accepted),
            (&[45065], Verdict::Adopt),
            (&[40001, 40014, 42001], Verdict::InvalidToken),
            (&[42010, 45011, 46007, 89501, 89502, 89503, 89504, 89505, 45085, 53501], WAIT),
            (&[45028], Verdict::NextWindow(NextWindow::Broadcasts)),
            (&[45009], Verdict::NextWindow(NextWindow::Calls)),
            (&[45093], Verdict::NextWindow(NextWindow::Day)),
            (&[45040], Verdict::NextWindow(NextWindow::Month)),
            (
                &[
                    40164, 40243, 40013, 40125, 48003, 48004, 50001, 50002, 50004, 45501, 45102,
                    200_011, 89506, 89507,
                ],
                Verdict::PauseAccount,
            ),
        ];
        let mut named: Vec<i64> = vec![-1, 45066, 268_488_001];
        for (codes, verdict) in classes {
            for &code in *codes {
                assert_eq!(for_send(code).verdict, *verdict, "{code}");
                named.push(code);
            }
        }
        for code in all_codes().into_iter().filter(|code| !named.contains(code)) {
            assert_eq!(for_send(code).verdict, Verdict::Reject, "{code}");
        }
    }

    #[test]
    fn every_documented_code_has_a_row() {
        let documented = [
            40002, 41001, 41002, 41004, 48001, 48002, 48008, 40008, 45052, 48013, 45161, 48014,
            40003, 40031, 43004, 46004, 50005, 43019, 40032, 45019, 40130, 40050, 45159, 40007,
            46001, 40121, 40118, 40004, 40012, 40035, 40097, 44002, 44003, 44004, 45001, 45008,
            45166, 47001, 47002, 40033, 40227, 45110, 9_001_001, 40059, 40060, 40132, 45062, 45067,
            45083, 45084, 45106, 45103, 48021, 41040, 44008, 44009, 45168, 53500, 53502, 61004,
        ];
        for code in documented {
            assert_eq!(for_send(code).verdict, Verdict::Reject, "{code}");
        }
    }

    #[test]
    fn a_token_endpoint_that_refuses_for_good_pauses_the_account() {
        for code in [40001, 40002, 40013, 40125, 40164, 40243, 41002, 41004, 48001, 50002, 89507] {
            assert_eq!(for_token(code).verdict, Verdict::PauseAccount, "{code}");
        }
        for code in [-1, 42001, 45011, 89501, 268_488_001] {
            assert_eq!(for_token(code).verdict, WAIT, "{code}");
        }
    }

    #[test]
    fn nothing_is_in_doubt_where_nothing_can_be_sent_twice() {
        for code in all_codes().into_iter().chain(ELSEWHERE.iter().copied()) {
            for verdict in [for_token(code).verdict, for_query(code).verdict] {
                assert!(!matches!(verdict, Verdict::InDoubt | Verdict::Adopt), "{code}");
            }
            assert_ne!(for_token(code).verdict, Verdict::Reject, "{code}");
            assert_ne!(for_token(code).verdict, Verdict::InvalidToken, "{code}");
        }
    }

    #[test]
    fn a_row_for_an_unknown_code_names_that_code() {
        assert_eq!((for_send(40249).first, for_query(40249).last), (40249, 40249));
    }
}
