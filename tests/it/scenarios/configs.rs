//! A config that was changed while the daemon was down: accounts are known by their appid.

use chrono::TimeDelta;
use qunfa::calls::Role;
use qunfa::engine::{AcceptedFile, Owner};
use qunfa::model::{Action, ApiCall, JobState, Kind, Preview, Viewer};
use qunfa::sandbox::{self, Fault, FaultKind};
use qunfa::store::NewApiCall;

use crate::recurring::Comes;
use crate::views::told;
use crate::world::{World, time};
use crate::writer::spec;

/// The requests that the platform got so far, of any kind and for any account.
fn requests(world: &World) -> usize {
    world.platform.requests().len()
}

fn reason(world: &mut World, name: &str) -> String {
    world
        .engine()
        .store()
        .read()
        .stops(name)
        .unwrap()
        .paused
        .map(|(_, why, _)| told(&why))
        .unwrap_or_default()
}

/// Two accounts, `brand` and `club`.
fn two(kind: Kind) -> World {
    let mut world = World::with(kind);
    world.add_account("club", kind, |_, _| {});
    world
}

/// Everything that may go by itself, for an account whose appid is then changed in the config.
fn changed() -> World {
    let mut world = World::with(Kind::Service);
    world.platform.add_account(sandbox::AccountSpec::new("wxother", sandbox::Kind::Service));
    world.job("sent").list(3).at("2027-03-20 13:00").submit();
    world.run_until("2027-03-20 13:00:05");
    world.platform.inject(Fault::new(FaultKind::AnswerLost).on_path("mass/send"));
    world.job("doubt").list(3).at("2027-03-20 14:00").submit();
    world.run_until("2027-03-20 14:00:20");
    world.platform.clear_faults();
    world
        .job("shown")
        .at("2027-03-20 18:00")
        .with(|spec| {
            let to = vec![Viewer::Wxname("anne".into())];
            let before = TimeDelta::hours(3);
            spec.preview = Some(Preview { to, before, card_ext: None });
        })
        .submit();
    world.job("menu").at("2027-03-20 15:00").with(|spec| spec.action = menu()).submit();
    world
        .job("news")
        .list(3)
        .at("2027-03-20 16:00")
        .content(crate::uploads::image("picture"))
        .submit();
    world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();
    world.mistake(0, Some("wxother"));
    world.run_for(TimeDelta::seconds(5));
    world
}

fn menu() -> Action {
    let button = serde_json::json!({ "type": "click", "name": "now", "key": "K" });
    Action::Menu(serde_json::from_value(serde_json::json!({ "button": [button] })).unwrap())
}

#[test]
fn nothing_goes_of_a_name_whose_appid_changed() {
    let mut world = changed();
    let before = requests(&world);
    assert_eq!(world.state("doubt"), JobState::Releasing);

    world.request_sync(Some(0));
    let api_call = NewApiCall {
        account: "brand",
        api_call: &ApiCall::SpeedGet,
        role: Role::Command,
        job: None,
        batch: None,
        said: None,
    };
    let now = world.now();
    world.engine().change(|tx| tx.write_api_call(&api_call, now)).unwrap();
    world.resume();
    world.run_until("2027-03-25 12:00");

    assert_eq!(requests(&world), before);
    assert!(reason(&mut world, "brand").contains("the config gives brand the appid wxother"));
    assert!(world.attention().contains(&"appid".to_owned()), "{:?}", world.attention());
    let refused = world.job("more").submit_refused();
    assert!(refused.contains("known as wx0brand"), "{refused}");
    assert!(world.retry("sent").unwrap_err().contains("wxother"));
}

#[test]
fn the_right_appid_lets_a_name_go_on_where_it_stood() {
    let mut world = changed();
    world.run_until("2027-03-20 14:30");

    world.mistake(0, None);
    world.run_until("2027-03-20 20:10");

    for job in ["doubt", "shown", "menu", "news", "daily@2027-03-20"] {
        // The day's history has room for one of those to everyone, and the month's belongs to the
        // next dates.
        let is_last = job == "daily@2027-03-20";
        let expected = if is_last { JobState::Expired } else { JobState::Sent };
        assert_eq!(world.state(job), expected, "{job}");
    }
    assert_eq!(world.state("doubt"), JobState::Sent);
    assert!(world.codes().contains(&Some(45_065)), "{:?}", world.codes());
    assert!(!world.attention().contains(&"appid".to_owned()));
}

#[test]
fn a_name_is_given_away_only_by_the_config_and_without_its_jobs() {
    let mut world = two(Kind::Service);
    world.job("old").at("2027-03-20 20:00").submit();
    world.configure(0, false);
    world.rename(&[(0, "gone"), (1, "brand")]);
    world.run_for(TimeDelta::seconds(5));
    // It takes a name that still stands for the other account.
    assert!(world.job("more").account("brand").submit_refused().contains("wx0brand"));

    world.replaces(1, "wx0brand");
    world.crash(TimeDelta::seconds(2));
    world.run_for(TimeDelta::seconds(5));
    world.job("new").account("brand").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("new"), JobState::Sent);
    assert_eq!(world.state("old"), JobState::Planned);
    assert_eq!(world.view("old").account, "wx0brand");
    assert!(world.attention().contains(&"unconfigured".to_owned()), "{:?}", world.attention());
}

#[test]
fn a_renamed_account_keeps_its_jobs_and_its_ledger() {
    let mut world = World::with(Kind::Subscription);
    world.job("today").at("2027-03-20 13:00").submit();
    world.job("later").at("2027-03-21 13:00").submit();
    world.drop_series(&spec("daily", "brand"), &Comes::at(20, 0)).unwrap();
    world.run_until("2027-03-20 13:05");

    world.rename(&[(0, "flagship")]);
    world.run_for(TimeDelta::seconds(5));
    // The day's only send is used, and the referee counts it for the same account.
    world.job("second").account("flagship").at("2027-03-20 15:00").submit();
    world.run_until("2027-03-21 21:00");

    assert_eq!(world.state("today"), JobState::Sent);
    assert_eq!(world.state("later"), JobState::Sent);
    assert_eq!(world.accepted().len(), 2);
    assert!(world.job("third").account("brand").submit_refused().contains("named flagship now"));
    let series = world.engine().store().read().series(&"daily".parse_id()).unwrap().unwrap();
    assert_eq!(series.job.account, "flagship");
}

#[test]
fn nothing_in_the_database_has_the_old_name_any_more() {
    let mut world = changed();
    world.mistake(0, None);
    world.website_send(0).unwrap();
    world.record_website_send(0);
    world.request_sync(Some(0));
    world.run_until("2027-03-21 12:00");

    world.rename(&[(0, "flagship")]);
    world.run_for(TimeDelta::seconds(5));

    let mut tables = world
        .disk
        .witness
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut filled = 0;
    for table in tables.map(Result::unwrap) {
        let mut statement = world.disk.witness.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        let mut is_filled = false;
        while let Some(row) = rows.next().unwrap() {
            is_filled = true;
            for (index, column) in columns.iter().enumerate() {
                let text = row.get_ref(index).unwrap().as_str().unwrap_or_default();
                let is_past = ["former_name.name", "job.written_for", "series.written_for"]
                    .contains(&format!("{table}.{column}").as_str());
                assert!(is_past || text != "brand", "{table}.{column}");
                assert!(!text.contains("\"brand\""), "{table}.{column}: {text}");
            }
        }
        filled += usize::from(is_filled);
    }
    assert!(filled >= 18, "{filled} tables have rows");
}

#[test]
fn names_that_are_swapped_or_handed_on_take_nothing_from_each_other() {
    let mut world = two(Kind::Subscription);
    world.job("of-brand").at("2027-03-20 20:00").submit();
    world.job("of-club").account("club").at("2027-03-20 20:00").submit();

    world.rename(&[(0, "club"), (1, "brand")]);
    world.run_for(TimeDelta::seconds(5));
    assert_eq!(world.view("of-brand").account, "club");
    assert_eq!(world.view("of-club").account, "brand");

    // A chain: one takes the name that the other leaves.
    world.rename(&[(1, "club"), (0, "third")]);
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.view("of-brand").account, "third");
    assert_eq!(world.view("of-club").account, "club");
    assert_eq!([world.state("of-brand"), world.state("of-club")], [JobState::Sent; 2]);
    let taken: Vec<_> = world.platform.accepted().iter().map(|taken| &*taken.appid).collect();
    assert_eq!(taken.len(), 2);
}

#[test]
fn a_renamed_account_s_file_changes_nothing_when_it_comes_again() {
    let mut world = World::with(Kind::Subscription);
    let job = |name: &str| {
        let mut job = spec("a", name);
        job.at = Some(time("2027-03-20 13:00"));
        job
    };
    world.drop_file(&[job("brand")]).unwrap();
    world.run_until("2027-03-20 13:05");

    world.rename(&[(0, "flagship")]);
    world.run_for(TimeDelta::seconds(5));

    let taken = world.drop_file(&[job("flagship")]).unwrap();
    assert_eq!(taken[0].taken, qunfa::store::IngestOutcome::Known);
}

#[test]
fn an_account_that_left_the_config_waits_for_its_return() {
    let mut world = two(Kind::Subscription);
    world.job("soon").account("club").at("2027-03-20 20:00").submit();
    world.job("late").account("club").at("2027-03-22 20:00").submit();

    world.configure(1, false);
    world.run_until("2027-03-21 12:00");
    assert_eq!(world.state("soon"), JobState::Planned);
    assert!(reason(&mut world, "club").contains("is not in the config"));
    assert!(world.attention().contains(&"unconfigured".to_owned()));
    world.resume();

    world.configure(1, true);
    world.run_until("2027-03-22 20:05");
    assert_eq!(world.state("soon"), JobState::Missed);
    assert_eq!(world.state("late"), JobState::Sent);
    assert!(!world.attention().contains(&"unconfigured".to_owned()));
}

#[test]
fn a_database_from_before_the_rename_finds_its_account() {
    let mut world = World::with(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    world.copy();
    world.rename(&[(0, "flagship")]);
    world.run_until("2027-03-20 20:10");
    assert_eq!(world.state("a"), JobState::Sent);

    world.restore(0, crate::world::MarkFate::Kept);
    world.run_for(TimeDelta::seconds(5));
    world.resume();
    world.run_until("2027-03-20 20:20");

    assert_eq!(world.view("a").account, "flagship");
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn a_lost_database_reads_a_file_by_what_its_names_meant() {
    let mut world = two(Kind::Subscription);
    world.job("of-brand").at("2027-03-20 20:00").submit();
    world.rename(&[(0, "club"), (1, "brand")]);
    world.run_for(TimeDelta::seconds(5));

    world.lose_database_but_not_the_files();
    world.run_for(TimeDelta::seconds(5));

    assert_eq!(world.state("of-brand"), JobState::Missed);
    assert_eq!(world.view("of-brand").account, "club");
    world.retry("of-brand").unwrap();
    world.run_until("2027-03-20 20:05");
    // The referee would have cried if it went to the readers of the other account.
    assert_eq!(world.state("of-brand"), JobState::Sent);
}

#[test]
fn an_edit_of_an_account_that_left_is_not_undone_by_an_older_database() {
    let mut world = two(Kind::Subscription);
    world.job("a").account("club").at("2027-03-25 20:00").submit();
    world.copy();
    world.job("a").account("club").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("a"), JobState::Sent);

    world.configure(1, false);
    world.run_for(TimeDelta::seconds(5));
    world.restore(0, crate::world::MarkFate::Kept);
    world.run_for(TimeDelta::seconds(5));
    world.resume();
    world.configure(1, true);
    world.run_until("2027-03-25 20:10");

    assert_eq!(world.state("a"), JobState::Missed);
    assert_eq!(world.accepted().len(), 1);
}

#[test]
fn an_edited_series_of_an_account_that_left_is_lost_to_an_older_database() {
    let mut world = two(Kind::Subscription);
    world.drop_series(&spec("daily", "club"), &Comes::at(20, 0)).unwrap();
    world.copy();
    world.drop_series(&spec("daily", "club"), &Comes::at(13, 0)).unwrap();
    world.run_until("2027-03-20 13:05");

    world.configure(1, false);
    world.run_for(TimeDelta::seconds(5));
    world.restore(0, crate::world::MarkFate::Kept);
    world.run_for(TimeDelta::seconds(5));
    world.resume();
    world.configure(1, true);
    world.run_until("2027-03-22 20:10");

    assert_eq!(world.lost_series().as_deref(), Some("daily"));
    assert_eq!(world.accepted().len(), 1);
}

/// What the version before this one left: names without appids.
fn forget_appids(world: &mut World) {
    world.crash(TimeDelta::seconds(2));
    world.disk.witness.execute("UPDATE account SET appid = NULL", []).unwrap();
}

#[test]
fn a_database_without_appids_learns_them_and_goes_on() {
    let mut world = two(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    forget_appids(&mut world);

    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    let known = world.engine().store().read().known_accounts().unwrap();
    assert!(known.iter().all(|row| row.appid.is_some()), "{known:?}");
}

#[test]
fn a_database_without_appids_shows_by_its_ids_whose_its_jobs_are() {
    let mut world = two(Kind::Subscription);
    world.job("a").at("2027-03-20 20:00").submit();
    forget_appids(&mut world);
    world.mistake(0, Some("wxother"));
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("a"), JobState::Planned);
    assert!(reason(&mut world, "brand").contains("planned for another appid"));

    // Renamed together with the upgrade.
    world.mistake(0, None);
    world.rename(&[(0, "flagship")]);
    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("a"), JobState::Sent);
    assert_eq!(world.view("a").account, "flagship");
}

#[test]
fn an_event_of_a_mistaken_name_is_kept_and_moves_nothing() {
    let mut world = World::with_callback(Kind::Service);
    world.platform.add_account(sandbox::AccountSpec::new("wxother", sandbox::Kind::Service));
    world.mistake(0, Some("wxother"));
    world.run_for(TimeDelta::seconds(5));

    world.tell(0, 77, "send success");

    let count =
        |sql: &str| -> i64 { world.disk.witness.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM unread_event"), 1);
    assert_eq!(count("SELECT count(*) FROM event"), 0);
    assert_eq!(count("SELECT count(*) FROM external_send"), 0);
}

#[test]
fn an_id_that_is_known_by_name_alone_gives_its_name_away() {
    let mut world = World::with(Kind::Subscription);
    world.remember(AcceptedFile {
        name: "jobs.yaml".to_owned(),
        sha256: "digest".to_owned(),
        taken_at: time("2027-03-20 11:00"),
        accepted_at: time("2027-03-20 11:00"),
        jobs: Vec::new(),
        series: Vec::new(),
        ids: vec![("gone".parse_id(), Owner::Named("flagship".to_owned()))],
    });
    world.lose_database_but_not_the_files();
    world.run_for(TimeDelta::seconds(5));
    assert_eq!(world.view("gone").account, "flagship");

    world.rename(&[(0, "flagship")]);
    world.run_for(TimeDelta::seconds(5));
    world.job("a").at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 20:05");

    assert_eq!(world.state("a"), JobState::Sent);
    assert!(world.job("gone").submit_refused().contains("give this job an id of its own"));
}

trait ParseId {
    fn parse_id(&self) -> qunfa::model::JobId;
}

impl ParseId for str {
    fn parse_id(&self) -> qunfa::model::JobId {
        qunfa::model::JobId::parse(self).unwrap()
    }
}

#[test]
fn what_a_file_has_for_an_account_that_left_hides_nothing_else_of_it() {
    let mut world = two(Kind::Subscription);
    let [mut a, mut b] = [spec("a1", "brand"), spec("b1", "club")];
    for spec in [&mut a, &mut b] {
        spec.at = Some(time("2027-03-20 20:00"));
    }
    world.drop_file(&[a, b]).unwrap();
    world.configure(1, false);
    // The name of the one that left is the other's now.
    world.rename(&[(1, "left"), (0, "club")]);
    world.lose_database_but_not_the_files();
    world.run_for(TimeDelta::minutes(1));

    assert_eq!(world.view("a1").account, "club");
    assert_eq!(world.view("a1").batches.len(), 1);
    let owner = world.view("b1").account;
    assert_ne!(owner, "club");
    let account = world.spoken_for("club").unwrap();
    let now = world.now();
    let retry = |world: &mut World, id: &str| {
        let id = id.parse_id();
        let said = qunfa::store::DecidedBy { who: "a person", why: None };
        world.engine().change(|tx| tx.retry(&id, &account, said, now))
    };
    let refused = retry(&mut world, "b1").unwrap_err().to_string();
    assert!(refused.contains("plan it anew under another id"), "{refused}");
    world.retry("a1").unwrap();
    world.run_until("2027-03-20 20:05");
    assert_eq!(world.state("a1"), JobState::Sent);

    // It stands under its account's name again, once that is back.
    world.configure(1, true);
    world.run_for(TimeDelta::minutes(1));
    assert_eq!(world.view("b1").account, "left");
}
