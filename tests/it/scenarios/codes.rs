//! Jobs of many QR codes.

use chrono::TimeDelta;
use qunfa::model::{Action, JobId, JobState, Kind, Qrcodes, Scenes};
use qunfa::sandbox::{Fault, FaultKind};

use crate::world::{CrashPoint, World};

const QRCODE: &str = "/cgi-bin/qrcode/create";
const PICTURE: &str = "/cgi-bin/showqrcode";

fn codes(expire_seconds: Option<u32>, from: u32, to: u32) -> Action {
    let scenes = Scenes::Range { from, to };
    Action::Qrcodes(Qrcodes { expire_seconds, scenes, out: None, renew: false })
}

impl World {
    fn plan_codes(&mut self, id: &str, at: &str, action: Action) {
        self.job(id).at(at).with(|spec| spec.action = action).submit();
    }

    fn asked(&self, path: &str) -> usize {
        self.platform.requests().iter().filter(|logged| logged.path == path).count()
    }

    /// The scenes of the codes of a job that are listed with a picture, and how many requests each
    /// needed.
    fn listed(&self, job: &str) -> Vec<(String, u32)> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let rows = engine.store().read().codes("brand", JobId::parse(job).as_ref()).unwrap();
        let whole = rows.into_iter().filter(|row| row.file.is_some());
        whole.map(|row| (row.scene, row.requests)).collect()
    }

    fn made(&self, job: &str) -> (usize, usize, usize) {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let id = JobId::parse(job).unwrap();
        let progress = engine.store().read().codes_progress(&id).unwrap().unwrap();
        (progress.made, progress.all, progress.asked_again)
    }

    /// Goes on until a job has so many codes.
    fn run_until_made(&mut self, job: &str, many: usize) {
        for _ in 0..100_000 {
            if self.made(job).0 >= many {
                return;
            }
            self.run_for(TimeDelta::milliseconds(10));
        }
        panic!("job {job} has {:?}", self.made(job));
    }

    fn permanent_used(&mut self) -> (usize, u32, u32) {
        let account = self.setup(0).account.clone();
        let now = self.now();
        let rules = self.engine().store().read().rules(&account, now).unwrap();
        let ours = rules.iter().find(|rule| rule.rule.name() == "permanent_qrcodes");
        let (used, claimed) = ours.map_or((0, 0), |rule| (rule.used, rule.claimed));
        (self.platform.permanent_codes(&account.appid), used, claimed)
    }
}

fn scenes(from: u32, to: u32) -> Vec<(String, u32)> {
    (from..=to).map(|scene| (scene.to_string(), 1)).collect()
}

#[test]
fn each_scene_has_its_code_and_its_picture_in_order() {
    let mut world = World::with(Kind::Service);
    world.plan_codes("tables", "2027-03-20 20:00", codes(None, 101, 180));
    assert_eq!(world.permanent_used(), (0, 0, 80), "the whole job owns its codes");

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("tables"), JobState::Sent, "{}", world.reason("tables"));
    assert_eq!((world.asked(QRCODE), world.asked(PICTURE)), (80, 80));
    assert_eq!(world.listed("tables"), scenes(101, 180));
    assert_eq!(world.permanent_used(), (80, 80, 0));
    let story = world.story("tables");
    assert!(story.ends_with("80 of 80 codes are made"), "{story}");
    assert!(story.lines().count() < 5, "no line for each code: {story}");
}

#[test]
fn a_crash_goes_on_where_it_was_with_one_code_too_many_at_most() {
    for (point, _) in CrashPoint::ALL {
        for made in [0, 1, 3, 5] {
            for expire_seconds in [None, Some(3_600)] {
                let mut world = World::with(Kind::Service);
                world.plan_codes("tables", "2027-03-20 20:00", codes(expire_seconds, 1, 6));
                world.run_until("2027-03-20 19:59:59");
                world.run_until_made("tables", made);
                let path = if made % 2 == 0 { PICTURE } else { QRCODE };
                let fault = Fault::new(FaultKind::Hang { processed: true }).on_path(path);
                world.platform.inject(fault);
                world.crashes.next = Some((point, TimeDelta::seconds(30)));

                world.run_until("2027-03-20 20:10");

                let case = format!("{point:?} {made} {expire_seconds:?}");
                assert_eq!(world.state("tables"), JobState::Sent, "{case}");
                let listed: Vec<_> = world.listed("tables").into_iter().map(|one| one.0).collect();
                assert_eq!(listed, ["1", "2", "3", "4", "5", "6"], "{case}");
                let (whole, all, again) = world.made("tables");
                assert_eq!((whole, all), (6, 6), "{case}");
                // Everything that may have been asked for twice is counted.
                assert!((6..=6 + again).contains(&world.asked(QRCODE)), "{case}: {again}");
                assert!(again <= 2, "{case}: {again}");
                let expected = if expire_seconds.is_none() { (6, 6, 0) } else { (0, 0, 0) };
                assert_eq!(world.permanent_used(), expected, "{case}");
            }
        }
    }
}

#[test]
fn a_picture_that_does_not_come_is_asked_for_again_and_its_code_is_not() {
    for kind in [FaultKind::AnswerLost, FaultKind::RequestLost, FaultKind::Refused] {
        let mut world = World::with(Kind::Service);
        world.platform.inject(Fault::new(kind.clone()).on_path(PICTURE).times(3));
        world.plan_codes("tables", "2027-03-20 20:00", codes(None, 1, 3));

        world.run_until("2027-03-20 20:30");

        assert_eq!(world.state("tables"), JobState::Sent, "{kind:?}");
        assert_eq!(world.asked(QRCODE), 3, "{kind:?}");
        assert_eq!(world.listed("tables"), scenes(1, 3));
    }
}

#[test]
fn a_day_without_calls_moves_what_is_left_to_the_next_one_and_holds_up_nobody() {
    let mut world = World::with(Kind::Service);
    world.plan_codes("tables", "2027-03-20 20:00", codes(Some(3_600), 1, 9));
    world.plan_codes("doors", "2027-03-20 20:20", codes(Some(3_600), 11, 13));
    world.job("a").at("2027-03-20 20:10").submit();
    world.run_until("2027-03-20 19:59:59");
    world.run_until_made("tables", 4);
    world.platform.inject(Fault::new(FaultKind::Errcode(45_009)).on_path(QRCODE));

    world.run_until("2027-03-20 23:00");

    let made = world.made("tables").0;
    assert!((4..9).contains(&made));
    assert_eq!(
        (world.state("tables"), world.state("doors")),
        (JobState::Planned, JobState::Planned)
    );
    let reason = world.reason("tables");
    let told = format!("{made} of 9 codes are made, and the others follow: ");
    assert!(reason.contains(&told) && reason.contains("45009"), "{reason}");
    assert_eq!(world.accepted(), ["2027-03-20 20:10:00"]);
    world.run_until("2027-03-21 20:30");
    for (job, all) in [("tables", 9), ("doors", 3)] {
        assert_eq!(world.state(job), JobState::Sent, "{}", world.reason(job));
        assert_eq!(world.made(job), (all, all, 0));
    }
    assert_eq!(world.asked(QRCODE), 9 + 3 + 1, "each code once, and the refusal");
    assert_eq!(world.attention(), Vec::<String>::new());
}

#[test]
fn the_codes_that_a_job_in_release_has_still_to_make_are_counted() {
    let mut world = World::with(Kind::Service);
    let sql = "INSERT INTO charge (account, rule, \"window\", amount, state)
               VALUES ('brand', 'permanent_qrcodes', 'ever', 99980, 'kept')";
    world.disk.witness.execute(sql, []).unwrap();
    world.plan_codes("tables", "2027-03-20 20:00", codes(None, 1, 15));
    world.run_until("2027-03-20 19:59:59");
    world.run_until_made("tables", 4);
    assert_eq!(world.state("tables"), JobState::Releasing);
    let (made, used, claimed) = world.permanent_used();
    assert_eq!(used + claimed, 99_995, "{made}");

    world.plan_codes("doors", "2027-03-20 21:00", codes(None, 21, 30));

    assert_eq!(world.state("doors"), JobState::Failed);
    world.run_until("2027-03-20 21:00");
    assert_eq!(world.state("tables"), JobState::Sent, "{}", world.reason("tables"));
}

#[test]
fn codes_are_made_anew_before_they_expire_as_long_as_nobody_cancels_that() {
    let mut world = World::with(Kind::Service);
    let Action::Qrcodes(all) = codes(Some(10 * 86_400), 1, 3) else { unreachable!() };
    world.plan_codes("tables", "2027-03-20 20:00", Action::Qrcodes(Qrcodes { renew: true, ..all }));

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("tables"), JobState::Sent);
    assert_eq!(world.state("tables@renew-2"), JobState::Planned);
    world.run_until("2027-03-29 19:59");
    assert_eq!(world.asked(QRCODE), 3);
    world.run_until("2027-03-29 20:05");
    assert_eq!(world.state("tables@renew-2"), JobState::Sent, "{}", world.reason("tables@renew-2"));
    assert_eq!((world.asked(QRCODE), world.asked(PICTURE)), (6, 6));
    let engine = world.engine.as_ref().unwrap();
    let rows = engine.store().read().codes("brand", None).unwrap();
    let files: Vec<_> = rows.iter().filter_map(|row| row.file.clone()).collect();
    assert_eq!(files[..3], files[3..], "the new pictures take the place of the old ones");
    assert_eq!(world.state("tables@renew-3"), JobState::Planned);
    world.cancel("tables@renew-3").unwrap();
    world.run_until("2027-04-20 20:00");
    assert_eq!(world.asked(QRCODE), 6);
}

#[test]
fn a_job_that_stops_half_way_says_how_far_it_is_and_a_retry_makes_the_rest() {
    let mut world = World::with(Kind::Service);
    world.plan_codes("tables", "2027-03-20 20:00", codes(Some(3_600), 1, 9));
    world.run_until("2027-03-20 19:59:59");
    world.run_until_made("tables", 4);
    world.platform.inject(Fault::new(FaultKind::Errcode(40_053)).on_path(QRCODE));

    world.run_until("2027-03-20 20:30");
    assert_eq!(world.state("tables"), JobState::Failed);
    let (made, reason) = (world.made("tables").0, world.reason("tables"));
    let told = format!("{made} of 9 codes are made, and a retry goes on after them");
    assert!((4..9).contains(&made) && reason.starts_with(&told), "{reason}");
    world.platform.clear_faults();
    world.run_until("2027-03-21 08:00");
    world.retry("tables").unwrap();
    world.run_for(TimeDelta::minutes(5));

    assert_eq!(world.state("tables"), JobState::Sent, "{}", world.reason("tables"));
    assert_eq!(world.made("tables"), (9, 9, 0));
    assert_eq!(world.asked(QRCODE), 10, "nine codes, and the refusal");
}

#[test]
fn a_job_under_way_shows_how_many_codes_it_has() {
    let mut world = World::with(Kind::Service);
    world.plan_codes("tables", "2027-03-20 20:00", codes(None, 1, 9));
    world.run_until("2027-03-20 19:59:59");
    world.run_until_made("tables", 4);
    world.platform.inject(Fault::new(FaultKind::Errcode(-1)).on_path(QRCODE).times(9));

    world.run_until("2027-03-20 20:01");

    assert_eq!(world.state("tables"), JobState::Releasing);
    let made = world.made("tables").0;
    assert!((4..9).contains(&made));
    assert_eq!(world.reason("tables"), format!("{made} of 9 codes are made"));
}

#[test]
fn more_codes_than_are_left_are_refused_whole_and_few_left_are_told() {
    let mut world = World::with(Kind::Service);
    let sql = "INSERT INTO charge (account, rule, \"window\", amount, state)
               VALUES ('brand', 'permanent_qrcodes', 'ever', 99990, 'kept')";
    world.disk.witness.execute(sql, []).unwrap();
    world.plan_codes("eleven", "2027-03-20 20:00", codes(None, 1, 11));
    world.plan_codes("ten", "2027-03-20 20:10", codes(None, 1, 10));

    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("eleven"), JobState::Failed);
    assert_eq!(world.state("ten"), JobState::Sent, "{}", world.reason("ten"));
    assert_eq!(world.permanent_used(), (10, 100_000, 0));
    assert_eq!(world.attention(), ["failed", "qrcodes"]);
}

#[test]
fn a_job_of_codes_leaves_broadcasts_their_time() {
    let mut world = World::with(Kind::Service);
    world.plan_codes("tables", "2027-03-20 20:00", codes(Some(60), 1, 200));
    world.job("a").at("2027-03-20 20:00:10").submit();

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.accepted(), ["2027-03-20 20:00:10"]);
    assert_eq!(world.state("tables"), JobState::Sent);
}

#[test]
fn whoever_approved_codes_approved_that_they_are_made_anew() {
    let mut world = World::new();
    world.add_account("brand", Kind::Service, |setup, _| setup.account.approvals = 1);
    let Action::Qrcodes(all) = codes(Some(10 * 86_400), 1, 3) else { unreachable!() };
    world.plan_codes("tables", "2027-03-20 20:00", Action::Qrcodes(Qrcodes { renew: true, ..all }));
    assert_eq!(world.state("tables"), JobState::Held);
    world.approve("tables").unwrap();

    world.run_until("2027-03-29 20:05");

    assert_eq!(world.state("tables@renew-2"), JobState::Sent, "{}", world.reason("tables@renew-2"));
}
