//! The table of return codes and their meaning.
//!
//! Each code (or run of codes) has one row, with what happened and what an operator can do about
//! it. The rows are written for a mass send, where a wrong reading costs most; [`for_token`],
//! [`for_query`] and [`for_api_call`] hold the differences for requests that can send nothing
//! twice. The errmsg is never matched: its text varies between servers. How often a meaning is
//! acted on (a new token once, a retry until `retry_for`) is decided elsewhere.

use crate::model::console::place;

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
    /// What happened, as a sentence without capital and full stop.
    pub what: &'static str,
    /// What the operator can do, in the imperative; if it passes by itself, what happens then.
    pub advice: &'static str,
    /// Whether it passes by itself, so that the operator has nothing to do.
    pub passes: bool,
}

impl Row {
    /// Returns what an operator can do; none if it passes by itself.
    pub fn helps(&self) -> Option<&'static str> {
        (!self.passes).then_some(self.advice)
    }

    /// Says whether the account's appid or secret is what to correct.
    pub fn doubts_secret(&self) -> bool {
        self.advice == CONFIG
    }
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

fn find(table: &[Row], code: i64) -> Option<Row> {
    table.iter().find(|row| (row.first..=row.last).contains(&code)).copied()
}

const fn row(code: i64, verdict: Verdict, what: &'static str, advice: &'static str) -> Row {
    Row { first: code, last: code, verdict, what, advice, passes: false }
}

/// A code whose cause passes by itself.
const fn passing(code: i64, verdict: Verdict, what: &'static str, advice: &'static str) -> Row {
    Row { passes: true, ..row(code, verdict, what, advice) }
}

const fn upto(last: i64, row: Row) -> Row {
    Row { last, ..row }
}

const WAIT: Verdict = Verdict::Retry { after_s: WAIT_S };

const NOTHING: &str = "nothing: it is asked again by itself";
const MEDIA: &str =
    "upload the media again, write its new id into the job file and drop the file again";
const VIDEO: &str = "pass the video through uploadvideo and use the id that it returns";
const TARGETS: &str = "take these receivers out of the list";
const CONTENT: &str = "correct the content and submit it as a new job";
const MENU: &str = "correct the menu and submit it as a new job";
const CONSOLE_MENU: &str = concat!("look at the account's menu on ", place!(site));
const CODE: &str = "correct the qrcode and submit it as a new job";
const CONSOLE: &str =
    concat!("look at the account's notices (", place!(notices), "), then resume it");
const CONFIG: &str = concat!(
    "correct the account's appid and secret in the config (",
    place!(keys),
    "), then resume it"
);
const ADMINISTRATOR: &str = "let the account's administrator confirm the call on the phone";
const OURS: &str = "report it: the daemon made a request that it should not have made";

const UNKNOWN: Row = passing(
    0,
    Verdict::InDoubt,
    "the platform answered with a code that no document names",
    "nothing: it is asked again in a way that cannot send it twice",
);

/// The codes that mean something else at a token endpoint.
const TOKENS: &[Row] = &[row(40001, Verdict::PauseAccount, "the AppSecret is wrong", CONFIG)];

/// Codes of menus and QR codes, by ascending code.
const API_CALLS: &[Row] = {
    use Verdict::Reject;
    &[
        row(40015, Reject, "the type of the menu is not valid", MENU),
        row(40016, Reject, "the menu has too many or too few buttons", MENU),
        row(40017, Reject, "the type of a button is not valid", MENU),
        row(40018, Reject, "the name of a button is empty or longer than 16 bytes", MENU),
        row(40019, Reject, "the key of a button is empty or longer than 128 bytes", MENU),
        row(40020, Reject, "the url of a button is empty or longer than 1024 bytes", MENU),
        row(40021, Reject, "the version of the menu is not valid", OURS),
        row(40022, Reject, "the menu has more than two levels", MENU),
        row(40023, Reject, "a button has too many or too few sub-buttons", MENU),
        row(40024, Reject, "the type of a sub-button is not valid", MENU),
        row(40025, Reject, "the name of a sub-button is empty or longer than 60 bytes", MENU),
        row(40026, Reject, "the key of a sub-button is empty or longer than 128 bytes", MENU),
        row(40027, Reject, "the url of a sub-button is empty or longer than 1024 bytes", MENU),
        row(40028, Reject, "the account may not have a menu of its own", CONSOLE_MENU),
        row(40052, Reject, "the action_name is not valid", CODE),
        row(40053, Reject, "the action_info, or the scene in it, is not valid", CODE),
        row(40054, Reject, "the url of a sub-button leads where it may not", MENU),
        row(40055, Reject, "the url of a button leads where it may not", MENU),
        row(41007, Reject, "a button has neither a type nor sub-buttons", MENU),
        row(45010, Reject, "the account can make no more menus", CONSOLE_MENU),
        row(
            45029,
            Reject,
            "the account has all the permanent codes that it can have",
            "make a temporary code, or use one of the codes that there are",
        ),
        row(
            45064,
            Reject,
            "the menu names a mini program that is not linked to the account",
            concat!("link it on ", place!(site), ", or take its button out"),
        ),
        row(
            48001,
            Reject,
            "the account may not use this API",
            concat!(
                "look which APIs it may use (",
                place!(rights),
                "); most need a verified account"
            ),
        ),
        row(53600, Reject, "an article_id is not valid", MENU),
        row(NO_MENUID, Reject, "there is no menu with this menuid", MENU),
        row(
            65303,
            Reject,
            "the account has no menu for all followers, which one for some needs",
            "create it first: a job with `menu: { button: … }` and without `matchrule`",
        ),
        row(65304, Reject, "the matchrule is empty", MENU),
        row(
            65305,
            Reject,
            "the account can have no more menus for some followers only",
            CONSOLE_MENU,
        ),
        row(65306, Reject, "the account may not have menus for some followers only", CONSOLE_MENU),
        row(65307, Reject, "the menu has no buttons", MENU),
        row(65308, Reject, "a button of the menu has no type", MENU),
        row(65309, Reject, "menus for some followers only are switched off", CONSOLE_MENU),
        row(65316, Reject, "these menus lead to more than 3 domains", MENU),
        row(65317, Reject, "a url of the menu is not valid", MENU),
        row(65320, Reject, "the matchrule has a key that the platform withdrew", MENU),
    ]
};

/// The table, by ascending code.
const SENDS: &[Row] = {
    use NextWindow::{Broadcasts, Calls, Day, Month};
    use Verdict::{
        Accepted, Adopt, InDoubt, InvalidToken, NextWindow as Next, PauseAccount as Pause, Reject,
    };
    &[
        passing(-1, InDoubt, "the platform had a system error, and may have taken it", NOTHING),
        passing(0, Accepted, "the platform took it", "nothing"),
        passing(
            40001,
            InvalidToken,
            "the access token is not the latest, or the AppSecret is wrong",
            NOTHING,
        ),
        row(40002, Reject, "the grant type is wrong", OURS),
        row(40003, Reject, "an OpenID is not one of this account's followers", TARGETS),
        upto(40006, row(40004, Reject, "the media has the wrong type or size", MEDIA)),
        row(NO_SUCH_MEDIA_ID, Reject, "the media id is not valid (any more)", MEDIA),
        row(40008, Reject, "the message type, or the type of a field, is not valid", CONTENT),
        upto(40012, row(40009, Reject, "the media has the wrong type or size", MEDIA)),
        row(40013, Pause, "the appid is not valid", CONFIG),
        passing(40014, InvalidToken, "the access token is not valid", NOTHING),
        row(40031, Reject, "the list holds OpenIDs that are not valid", TARGETS),
        row(40032, Reject, "the list of OpenIDs has the wrong length", OURS),
        row(40033, Reject, "the request holds a \\u escape, which the platform refuses", OURS),
        row(40035, Reject, "the request is not valid", CONTENT),
        row(40050, Reject, "the tag does not exist", "look up the tag's id, and correct the job"),
        row(
            NO_SUCH_MSG_ID,
            Reject,
            "the platform's API knows no broadcast with this msg_id",
            concat!(
                "look for it in ",
                place!(history),
                ": broadcasts made there are unknown to the API"
            ),
        ),
        row(
            40060,
            Reject,
            "the broadcast has no article with this number",
            "name one that it has, from 1; 0 is all of them",
        ),
        row(40097, Reject, "an argument of the request is not valid", CONTENT),
        row(40118, Reject, "the media id has the wrong size", MEDIA),
        row(40121, Reject, "the media type is not valid", MEDIA),
        row(40125, Pause, "the AppSecret is not valid", CONFIG),
        row(
            40130,
            Reject,
            "the list holds fewer than two OpenIDs that can receive",
            "add receivers, or use a tag",
        ),
        row(
            40132,
            Reject,
            "the WeChat name is not valid",
            "correct the name; an OpenID of unusual form is written openid:ID",
        ),
        row(
            40164,
            Pause,
            "this machine's address is not on the account's IP list",
            concat!(
                "add the address named by the platform to the account's IP list (",
                place!(keys),
                "; it works after some minutes), then resume the account"
            ),
        ),
        row(40227, Reject, "the title is empty or not valid", CONTENT),
        row(
            40243,
            Pause,
            "the AppSecret is frozen",
            concat!(
                "unfreeze it (",
                place!(keys),
                "; it works 10 minutes later), then resume the account"
            ),
        ),
        upto(41004, row(41001, Reject, "the request lacks its token, appid or secret", CONFIG)),
        row(41040, Reject, "the originality check refused it", CONTENT),
        passing(42001, InvalidToken, "the access token has expired", NOTHING),
        passing(42010, WAIT, "one media id was sent again too quickly", NOTHING),
        row(43004, Reject, "a receiver does not follow the account", TARGETS),
        row(43019, Reject, "a receiver is on the account's blacklist", TARGETS),
        upto(44004, row(44002, Reject, "the content is empty", CONTENT)),
        upto(44009, row(44008, Reject, "the audio did not pass review", CONTENT)),
        upto(45008, row(45001, Reject, "the content is too long or too large", CONTENT)),
        passing(
            45009,
            Next(Calls),
            "the account's calls of this kind are used up for today",
            "nothing: it waits for the next day (clear_quota is never called: it works 10 times a month)",
        ),
        passing(45011, WAIT, "the account made too many calls in one minute", NOTHING),
        row(45019, Reject, "the list of OpenIDs is too long", OURS),
        passing(
            45028,
            Next(Broadcasts),
            "the account has no broadcast left in this window",
            "nothing: it waits for the next window; look for who else sends from this account",
        ),
        passing(
            45040,
            Next(Month),
            "the account's quota of this month is used up",
            "nothing: it waits",
        ),
        row(45052, Reject, "the message type is not valid for this account", CONTENT),
        row(
            45062,
            Reject,
            "the article carries an agreed advertisement, which the API may not send",
            concat!("send it from ", place!(site), " instead"),
        ),
        passing(45065, Adopt, "the platform took it under this clientmsgid before", "nothing"),
        passing(
            45066,
            InDoubt,
            "the platform saw this clientmsgid less than a minute ago",
            NOTHING,
        ),
        row(45067, Reject, "the clientmsgid is too long", OURS),
        upto(
            45084,
            row(45083, Reject, "the speed is missing or not from 0 to 4", "give one from 0 to 4"),
        ),
        passing(45085, WAIT, "the platform could not set the speed", NOTHING),
        passing(
            45093,
            Next(Day),
            "the account's quota of this day is used up",
            "nothing: it waits",
        ),
        row(45102, Pause, "the account is punished", CONSOLE),
        row(45103, Reject, "the platform has withdrawn this API", OURS),
        row(45106, Reject, "the platform has withdrawn this API", OURS),
        row(45110, Reject, "the author's name is too long", CONTENT),
        row(45159, Reject, "the tag is not valid", "look up the tag's id, and correct the job"),
        row(45161, Reject, "the video did not go through uploadvideo", VIDEO),
        row(45166, Reject, "the content is not valid", CONTENT),
        row(45168, Reject, "the content holds a forbidden word", CONTENT),
        row(45501, Pause, "the account is restricted", CONSOLE),
        row(46001, Reject, "the media does not exist (any more)", MEDIA),
        row(46004, Reject, "a receiver does not exist", TARGETS),
        passing(46007, WAIT, "the platform is still converting the video", NOTHING),
        upto(47002, row(47001, Reject, "the platform could not read the request", OURS)),
        row(
            48001,
            Reject,
            "the account may not use this API",
            concat!(
                "check that it is verified and may use it (",
                place!(rights),
                "); only a service account can send to a list of OpenIDs"
            ),
        ),
        row(48002, Reject, "a receiver refuses the account's messages", TARGETS),
        row(
            48003,
            Pause,
            "the account has not accepted the platform's terms for broadcasts",
            concat!(
                "accept them on ",
                place!(site),
                " (the page for broadcasts asks), then resume the account"
            ),
        ),
        row(48004, Pause, "the platform has blocked this API for the account", CONSOLE),
        row(48008, Reject, "the account may not send messages of this type", CONTENT),
        row(48013, Reject, "the video did not go through uploadvideo", VIDEO),
        row(48014, Reject, "the video did not pass review", CONTENT),
        row(
            48021,
            Reject,
            "the draft was only saved automatically",
            "save the draft by hand first",
        ),
        row(50001, Pause, "the account may not use this API", CONSOLE),
        row(50002, Pause, "the account is restricted", CONSOLE),
        row(50004, Pause, "the account may not use this API", CONSOLE),
        row(50005, Reject, "a receiver no longer follows the account", TARGETS),
        row(53500, Reject, "publishing is banned for this account", CONSOLE),
        passing(53501, WAIT, "the account publishes too often", NOTHING),
        row(53502, Reject, "the publish id is not valid", OURS),
        upto(61023, row(61003, Reject, "a third-party platform's authorization failed", CONSOLE)),
        upto(89505, row(89501, WAIT, "the platform waits for the administrator", ADMINISTRATOR)),
        row(89506, Pause, "the administrator refused the call; none is possible for 24 h", CONSOLE),
        row(89507, Pause, "the administrator refused the call; none is possible for 1 h", CONSOLE),
        row(200_011, Pause, "the account is punished", CONSOLE),
        row(9_001_001, Reject, "the request is not valid", CONTENT),
        passing(268_488_001, InDoubt, "the platform was busy, and may have taken it", NOTHING),
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
            for text in [row.what, row.advice] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", row.first);
                assert!(!text.starts_with(char::is_uppercase), "{}: {text}", row.first);
            }
            assert_eq!(row.passes, row.advice.starts_with("nothing"), "{}", row.first);
        }
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
