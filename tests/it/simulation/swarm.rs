//! What a seed draws: accounts, faults, persons and jobs.

mod configs;
mod mistakes;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use qunfa::config::TokenSource;
use qunfa::model::{
    Action, Audience, Content, Deletion, Expires, JobSpec, JobState, Kind, MenuChange,
    OnFullReceivers, OnQuota, Preview, Qrcode, Qrcodes, Scene, Scenes, Speed, Viewer,
};
use qunfa::sandbox::{self, AdminAnswer, Fault, FaultKind, Review, openid};
use serde_json::json;

use crate::recurring::Comes;
use crate::uploads;
use crate::world::{CrashPoint, MarkFate, Restore, World, beijing};
use crate::writer::spec;

/// What one seed turned on.
pub(super) struct Swarm {
    pub(super) rng: Rng,
    from: DateTime<Utc>,
    days: i64,
    jobs: u32,
    /// Which accounts have followers enough for lists of two batches.
    large: Vec<bool>,
    /// The platform checks the quota before it remembers a clientmsgid.
    quota_first: bool,
    /// The jobs that create a menu.
    menus: Vec<String>,
}

impl Swarm {
    pub(super) fn new(rng: Rng, from: DateTime<Utc>, days: i64) -> Self {
        Self { rng, from, days, jobs: 0, large: Vec::new(), quota_first: false, menus: Vec::new() }
    }

    fn on(&mut self) -> bool {
        self.rng.u32(0..3) == 0
    }

    pub(super) fn accounts(&mut self, world: &mut World) {
        for index in 0..self.rng.usize(1..=3) {
            let kind = if self.rng.bool() { Kind::Subscription } else { Kind::Service };
            let callback = self.rng.bool();
            let safe = callback && self.rng.u32(0..3) == 0;
            let token = match self.rng.u32(0..6) {
                0 => TokenSource::Classic,
                1 => {
                    world.count("shared token");
                    TokenSource::Url("https://tokens.example/brand".to_owned())
                }
                _ => TokenSource::Stable,
            };
            let newer_rule = self.rng.u32(0..4) > 0;
            let protected = self.rng.u32(0..6) == 0;
            let calls = if self.rng.u32(0..4) == 0 { 3 } else { 100 };
            let life = [300, 900, 7_200, 7_200][self.rng.usize(0..4)];
            let large = self.rng.u32(0..4) == 0;
            self.large.push(large);
            world.add_account(&format!("a{index}"), kind, |setup, spec| {
                if large {
                    spec.followers = 10_100;
                }
                (setup.callback, setup.safe) = (callback, safe);
                setup.token = token;
                setup.account.daily_calls = calls;
                spec.daily_calls = calls;
                if kind == Kind::Service && !newer_rule {
                    setup.account.history_per_day = None;
                    spec.one_history_a_day = false;
                }
                spec.protected = protected;
                spec.token_life_s = life;
            });
        }
    }

    pub(super) fn faults(&mut self, world: &mut World) {
        for (point, _) in CrashPoint::ALL {
            if self.on() {
                world.crashes.points.push(point);
            }
        }
        world.crashes.one_in = self.rng.u32(15..200);
        world.crashes.down_max_s = [60, 3_600, 48 * 3_600][self.rng.usize(0..3)];
        if self.on() {
            world.way.latency_max = self.rng.u64(1_000..30_000);
            world.count("latency");
        }
        for rate in [
            &mut world.way.push_lost,
            &mut world.way.push_tripled,
            &mut world.way.push_late,
            &mut world.way.push_forged,
        ] {
            if self.rng.u32(0..3) == 0 {
                *rate = self.rng.u32(1..8);
            }
        }
        self.network_faults(world);
        if self.on() {
            self.quota_first = true;
            world.platform.inject(FaultKind::QuotaBeforeClientmsgid(true));
        }
        if self.on() {
            let early = sandbox::EventFate::Early;
            world.platform.inject(FaultKind::Events(early));
            world.count("event early");
        }
        self.clocks(world);
        self.outside(world);
        self.restores(world);
    }

    fn network_faults(&mut self, world: &mut World) {
        let server = |processed| FaultKind::ServerError { status: 502, processed };
        let garbage = |processed| FaultKind::Garbage { bytes: b"<html>".to_vec(), processed };
        let hang = |processed| FaultKind::Hang { processed };
        let all = [
            FaultKind::AnswerLost,
            FaultKind::RequestLost,
            FaultKind::Refused,
            server(true),
            server(false),
            garbage(true),
            garbage(false),
            FaultKind::Truncated,
            hang(true),
            hang(false),
            FaultKind::Errcode(-1),
            FaultKind::Errcode(42_010),
            FaultKind::Errcode(45_066),
            FaultKind::Errcode(99_999_999),
            FaultKind::Errcode(40_003),
            FaultKind::Errcode(45_011),
            FaultKind::ErrcodeAfterAccept(-1),
            FaultKind::ErrcodeAfterAccept(45_066),
            FaultKind::FirstCall45065,
            FaultKind::Review(Review::Rejected(20_001)),
            FaultKind::Review(Review::Failed),
            FaultKind::Admin(AdminAnswer::Confirms(600)),
            FaultKind::Admin(AdminAnswer::Refuses(60)),
            FaultKind::Admin(AdminAnswer::Silent),
        ];
        world.way.network_fault = self.rng.u32(3..40);
        world.way.network_faults = all.into_iter().filter(|_| self.rng.u32(0..3) == 0).collect();
    }

    /// An instant of the run.
    fn moment(&mut self) -> DateTime<Utc> {
        self.from + TimeDelta::seconds(self.rng.i64(60..self.days * 86_400))
    }

    fn clocks(&mut self, world: &mut World) {
        if self.on() {
            for _ in 0..self.rng.u32(1..6) {
                let at = self.moment();
                let far = self.rng.bool();
                let by = if far {
                    TimeDelta::seconds(self.rng.i64(-26 * 3_600..30 * 3_600))
                } else {
                    TimeDelta::seconds(self.rng.i64(-90..=90))
                };
                let mended = at + TimeDelta::seconds(self.rng.i64(30..20_000));
                world.plan(at, move |world| {
                    world.count(if far { "clock far off" } else { "clock a little off" });
                    world.step_clock(by);
                });
                world.plan(mended, |world| {
                    let back = -world.skew;
                    world.step_clock(back);
                });
            }
        }
        if self.on() {
            world.count("clock drift");
            let ms = self.rng.i64(-300..=300);
            for hour in 1..self.days * 24 {
                world.plan(self.from + TimeDelta::hours(hour), move |world| {
                    if world.skew.num_seconds().abs() < 45 {
                        world.skew += TimeDelta::milliseconds(ms);
                    } else if world.skew.num_seconds().abs() < 90 {
                        let back = -world.skew;
                        world.step_clock(back);
                    }
                });
            }
        }
        if self.on() {
            for _ in 0..self.rng.u32(1..4) {
                let span = TimeDelta::seconds(self.rng.i64(10..3 * 86_400));
                let at = self.moment();
                world.plan(at, move |world| {
                    world.count("suspend");
                    world.suspend(span);
                });
            }
        }
    }

    fn outside(&mut self, world: &mut World) {
        if self.on() {
            for _ in 0..self.rng.u32(1..12) {
                let account = self.rng.usize(0..world.account_count());
                let at = self.moment();
                world.plan(at, move |world| {
                    if world.website_send(account).is_ok() {
                        world.count("website send");
                        if world.at.timestamp() % 3 == 0 {
                            world.record_website_send(account);
                        }
                    }
                });
            }
        }
        if self.on() {
            for _ in 0..self.rng.u32(1..30) {
                let account = self.rng.usize(0..world.account_count());
                let at = self.moment();
                world.plan(at, move |world| {
                    world.count("token expired");
                    let appid = world.setup(account).account.appid.clone();
                    world.platform.expire_tokens(&appid);
                });
            }
        }
        if self.on() {
            for day in 0..self.days {
                let at =
                    self.from + TimeDelta::days(day) + TimeDelta::seconds(self.rng.i64(0..86_400));
                // A person asks for it now and then, for whichever account.
                let wished =
                    (self.rng.u32(0..8) == 0).then(|| self.rng.usize(0..world.account_count()));
                world.plan(at, move |world| world.request_sync(wished));
            }
        }
        if self.rng.u32(0..6) == 0 {
            let at = self.moment();
            let down = TimeDelta::hours(self.rng.i64(20..50));
            world.plan(at, move |world| {
                world.count("down for a day");
                world.crash(down);
            });
        }
    }

    fn restores(&mut self, world: &mut World) {
        if !self.on() {
            return;
        }
        for _ in 0..self.rng.u32(1..3) {
            let at = self.moment();
            let age = match self.rng.u32(0..3) {
                0 => TimeDelta::minutes(self.rng.i64(1..180)),
                1 => TimeDelta::minutes(self.rng.i64(60..20 * 60)),
                _ => TimeDelta::hours(self.rng.i64(20..240)),
            };
            let (how, name) = match self.rng.u32(0..7) {
                0 | 1 => (Restore::Database(MarkFate::Kept), "restore with the mark"),
                2 => (Restore::Database(MarkFate::Older), "restore with an older mark"),
                3 => (Restore::Database(MarkFate::Gone), "restore without a mark"),
                4 => (Restore::Backup, "backup put back"),
                5 => (Restore::Snapshot, "snapshot put back"),
                _ => (Restore::Image, "image woken"),
            };
            // Where nothing tells an old database from a restarted one, a short gap asks nobody.
            let tells = matches!(how, Restore::Database(MarkFate::Kept) | Restore::Backup);
            let age = if tells { age } else { age.max(TimeDelta::minutes(35)) };
            if at + age > self.from + TimeDelta::days(self.days) {
                continue;
            }
            restore(world, (at, age), (how, name));
            self.moves_forward(world, (at, age));
            if how == Restore::Snapshot && self.rng.bool() {
                // A clone: the other machine goes on from where it was left.
                let back = age + TimeDelta::minutes(self.rng.i64(35..3_000));
                restore(world, (at + age, back - age), (how, "clones take turns"));
            }
        }
    }

    /// A job that is edited to an earlier time after the copy, and sent before that is put back; in
    /// the copy it is due once the platform has forgotten it.
    fn moves_forward(&mut self, world: &mut World, (at, age): (DateTime<Utc>, TimeDelta)) {
        if at - self.from < TimeDelta::minutes(10) {
            return;
        }
        self.jobs += 1;
        let index = self.rng.usize(0..world.account_count());
        let mut job = spec(&format!("j{}", self.jobs), &world.setup(index).account.name);
        job.priority = 50;
        let forgotten = (at + TimeDelta::hours(25)).max(at + age + TimeDelta::minutes(10));
        job.at = Some(forgotten);
        submit(world, at - TimeDelta::minutes(5), job.clone(), "");
        job.at = Some(at + age / 2);
        submit(world, at + TimeDelta::minutes(1), job, "job moved forward");
    }

    pub(super) fn persons(&mut self, world: &mut World) {
        let every = self.rng.i64(1..12);
        for hour in 1..(self.days + 45) * 24 / every {
            world.plan(self.from + TimeDelta::hours(hour * every), |world| {
                world.let_series_go_on();
                if world.engine.is_some() && world.is_stopped() {
                    world.count("resume");
                    world.resume_after_a_look();
                }
            });
        }
        if self.on() {
            for _ in 0..self.rng.u32(1..12) {
                let (at, pick) = (self.moment(), self.rng.usize(0..1_000));
                world.plan(at, move |world| world.call_off_a_job(pick));
            }
        }
        if !self.on() {
            return;
        }
        for _ in 0..self.rng.u32(1..20) {
            let (at, pick) = (self.moment(), self.rng.usize(0..1_000));
            world.plan(at, move |world| {
                let Some(id) = world.retryable(pick) else { return };
                world.count("retry");
                world.retry_if_it_may(&id);
            });
        }
    }

    /// What a job may want done before its broadcast.
    fn pre_sends(&mut self, job: &mut JobSpec) {
        if self.rng.u32(0..8) == 0 {
            job.speed = Speed::new(self.rng.i64(0..5));
        }
        if self.rng.u32(0..8) == 0 {
            let before = TimeDelta::minutes(self.rng.i64(0..90));
            let to = vec![Viewer::Wxname("anne".into()), Viewer::Wxname("bad-name".into())];
            job.preview = Some(Preview { to, before, card_ext: None });
        }
    }

    /// Jobs that are no broadcast, about one that is.
    fn beside(&mut self, world: &mut World, about: &JobSpec, at: DateTime<Utc>) {
        let action = match self.rng.u32(0..24) {
            0 => Action::Speed(Speed::new(4).expect("the slowest")),
            1 => {
                let (job, article_idx) = (about.id.clone(), Some(0));
                Action::Delete(Deletion { job, article_idx, force: self.rng.bool() })
            }
            2 => Action::Menu(self.menu_change(world, about, at)),
            3 => {
                let expire_seconds = self.rng.bool().then_some(604_800);
                let scene = Scene::Id(self.rng.u32(1..20));
                Action::Qrcode(Qrcode { expire_seconds, scene, renew: false })
            }
            4 => {
                world.count("codes of one job");
                let expire_seconds = self.rng.bool().then_some(604_800);
                let from = self.rng.u32(1..20);
                let scenes = Scenes::Range { from, to: from + self.rng.u32(1..12) };
                Action::Qrcodes(Qrcodes { expire_seconds, scenes, out: None, renew: false })
            }
            _ => return,
        };
        world.count("job beside the broadcasts");
        let mut job = spec(&format!("{}-beside", about.id), &about.account);
        job.at = Some(at + TimeDelta::minutes(self.rng.i64(-30..30)));
        job.action = action;
        submit(world, at - TimeDelta::minutes(self.rng.i64(0..600)), job, "");
    }

    /// A change of the menu: a new one, perhaps for a while, one for some followers, none at all, or
    /// what stood before another.
    fn menu_change(&mut self, world: &mut World, about: &JobSpec, at: DateTime<Utc>) -> MenuChange {
        let name = about.id.as_str();
        let button = json!([{ "type": "click", "name": name, "key": "K" }]);
        let (to, counted) = match self.rng.u32(0..8) {
            0 => (json!({ "delete": true }), "menu deleted"),
            1 => {
                let matchrule = json!({ "client_platform_type": "1" });
                (json!({ "button": button, "matchrule": matchrule }), "conditional menu")
            }
            2 | 3 => match self.menus.last() {
                Some(job) => (json!({ "restore": job }), "menu put back"),
                None => return self.menu_change(world, about, at),
            },
            _ => (json!({ "button": button }), "menu"),
        };
        world.count(counted);
        let mut change: MenuChange = serde_json::from_value(to).expect("a change of the menu");
        if counted == "menu" {
            self.menus.push(format!("{name}-beside"));
            if self.rng.bool() {
                world.count("menu for a while");
                change.until = Some(at + TimeDelta::minutes(self.rng.i64(60..3_000)));
            }
        }
        change
    }

    /// More lists at one instant than a minute takes.
    fn burst(&mut self, world: &mut World, index: usize) {
        let setup = world.setup(index).clone();
        if setup.account.kind == Kind::Subscription || setup.account.daily_calls < 100 {
            return;
        }
        world.count("burst");
        let at = self.moment();
        for pair in 0..self.rng.u32(62..80) {
            self.jobs += 1;
            let mut job = spec(&format!("j{}", self.jobs), &setup.account.name);
            job.at = Some(at);
            let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
            let two = (pair * 2..pair * 2 + 2).map(|n| openid(&setup.account.appid, 100 + n));
            broadcast.audience = Audience::List(two.collect());
            submit(world, at - TimeDelta::minutes(10), job, "");
        }
    }

    pub(super) fn jobs(&mut self, world: &mut World) {
        if self.rng.u32(0..10) == 0 {
            let index = self.rng.usize(0..world.account_count());
            self.burst(world, index);
        }
        let busy = self.rng.u32(1..=4);
        for index in 0..world.account_count() {
            for day in 0..self.days {
                for _ in 0..2 {
                    if self.rng.u32(0..8) >= busy {
                        continue;
                    }
                    let midnight = self.from - TimeDelta::hours(9) + TimeDelta::days(day);
                    let at = midnight + self.time_of_day();
                    let before = match self.rng.u32(0..6) {
                        0 => TimeDelta::minutes(self.rng.i64(-50..2)),
                        1 => TimeDelta::minutes(self.rng.i64(0..90)),
                        _ => TimeDelta::minutes(self.rng.i64(60..6 * 1_440)),
                    };
                    self.job(world, index, at, (at - before).max(self.from));
                }
            }
        }
    }

    /// Recurring jobs, and the chore that makes their dates.
    pub(super) fn series(&mut self, world: &mut World) {
        if !self.on() {
            return;
        }
        for hour in 1..(self.days + 45) * 6 {
            world.plan(self.from + TimeDelta::hours(4 * hour), World::extend_series);
        }
        for number in 0..self.rng.u32(1..4) {
            let index = self.rng.usize(0..world.account_count());
            let setup = world.setup(index).clone();
            let mut job = spec(&format!("s{number}"), &setup.account.name);
            job.expires = Expires::After(TimeDelta::days([1, 7][self.rng.usize(0..2)]));
            job.priority = [0, 0, 5, -5][self.rng.usize(0..4)];
            let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
            broadcast.audience = match (setup.account.kind, self.rng.u32(0..3)) {
                (Kind::Service, 0) => {
                    Audience::List((0..5).map(|n| openid(&setup.account.appid, n)).collect())
                }
                (_, 1) => Audience::Tag(2),
                _ => Audience::Everyone,
            };
            let comes = self.comes();
            let at = self.moment();
            if self.rng.u32(0..3) == 0 {
                // A copy that does not know it is put back.
                let copied = (at - TimeDelta::minutes(1)).max(self.from);
                let age = TimeDelta::minutes(self.rng.i64(2..4_000));
                let kept = Restore::Database(MarkFate::Kept);
                restore(world, (copied, age), (kept, "restore with the mark"));
            }
            drop_series(world, at, (job.clone(), comes), "series");
            if self.rng.bool() {
                let edited = self.comes();
                let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
                broadcast.content = Content::Text { content: format!("{}|edited", job.id) };
                let later = at + TimeDelta::minutes(self.rng.i64(1..20 * 1_440));
                drop_series(world, later, (job.clone(), edited), "series edited");
            }
            if self.rng.u32(0..6) == 0 {
                let later = at + TimeDelta::minutes(self.rng.i64(1..30 * 1_440));
                world.plan(later, move |world| world.call_off(job.id.as_str()));
            }
        }
    }

    fn comes(&mut self) -> Comes {
        let minute = match self.rng.u32(0..4) {
            0 => 20 * 60,
            1 => self.rng.u32(0..3),
            _ => self.rng.u32(0..1_440),
        };
        let days = match self.rng.u32(0..3) {
            0 => Vec::new(),
            1 => vec![self.rng.u32(0..7)],
            _ => (0..7).filter(|_| self.rng.bool()).collect(),
        };
        // Its last date lies before the faults end.
        let until = Some(self.from + TimeDelta::days(self.days));
        Comes { days, until, ..Comes::at(minute / 60, minute % 60) }
    }

    fn time_of_day(&mut self) -> TimeDelta {
        let minutes = match self.rng.u32(0..6) {
            0 => self.rng.i64(-8..8),
            1 => 20 * 60,
            2 => 20 * 60 + self.rng.i64(-3..3),
            3 => 12 * 60,
            _ => self.rng.i64(0..1_440),
        };
        TimeDelta::minutes(minutes) + TimeDelta::seconds(self.rng.i64(0..60))
    }

    /// One of two batches is refused for certain, and a person asks for it again.
    fn refuse_one_batch(
        &mut self,
        world: &mut World,
        appid: &str,
        job: &JobSpec,
        at: DateTime<Utc>,
    ) {
        world.count("two batches");
        if self.rng.bool() {
            return;
        }
        let refused = Fault::new(FaultKind::Errcode(40_003)).on_path("send").for_appid(appid);
        world.plan(at - TimeDelta::seconds(1), move |world| world.platform.inject(refused));
        let id = job.id.to_string();
        world.plan(at + TimeDelta::minutes(self.rng.i64(5..120)), move |world| {
            if world.is_retryable(&id) {
                world.count("retry");
                world.retry_if_it_may(&id);
            }
        });
    }

    /// Plans one job, and perhaps an edit of it and its file's second coming.
    pub(super) fn job(
        &mut self,
        world: &mut World,
        index: usize,
        at: DateTime<Utc>,
        taken: DateTime<Utc>,
    ) {
        self.jobs += 1;
        let setup = world.setup(index).clone();
        let mut job = spec(&format!("j{}", self.jobs), &setup.account.name);
        job.at = (self.rng.u32(0..12) > 0).then_some(at);
        job.priority = [0, 0, 0, 5, -5][self.rng.usize(0..5)];
        let grace = [5, 30, 30, 120][self.rng.usize(0..4)];
        job.grace = TimeDelta::minutes(grace);
        job.retry_for = TimeDelta::minutes(grace + [10, 90, 600, 1_000][self.rng.usize(0..4)]);
        job.expires = Expires::After(TimeDelta::days([1, 7, 7, 20][self.rng.usize(0..4)]));
        if self.rng.u32(0..10) == 0 {
            job.on_quota = OnQuota::Fail;
        }
        job.on_full_receivers = match self.rng.u32(0..5) {
            0 => OnFullReceivers::Drop,
            1 => OnFullReceivers::Defer,
            _ => OnFullReceivers::Send,
        };
        let audience = match (setup.account.kind, self.rng.u32(0..6)) {
            (Kind::Service, 0..=2) => {
                let two_batches = self.large[index] && self.rng.u32(0..16) == 0;
                let length = if two_batches { 10_002 } else { self.rng.u32(2..12) };
                if two_batches {
                    self.refuse_one_batch(world, &setup.account.appid, &job, at);
                }
                Audience::List((0..length).map(|n| openid(&setup.account.appid, n)).collect())
            }
            (_, 3) => Audience::Tag(2),
            _ => Audience::Everyone,
        };
        let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
        broadcast.audience = audience;
        let name = &format!("file-{}", self.rng.u32(0..40));
        let local = match self.rng.u32(0..18) {
            0 => Some(uploads::article(name)),
            1 => Some(uploads::image(name)),
            2 => Some(uploads::video(name)),
            _ => None,
        };
        if let Some(content) = local {
            broadcast.content = content;
            world.count("uploads first");
        }
        self.pre_sends(&mut job);
        submit(world, taken, job.clone(), "");
        self.beside(world, &job, at);
        if self.rng.u32(0..10) == 0 {
            let later = taken + TimeDelta::seconds(self.rng.i64(1..100_000));
            submit(world, later, job.clone(), "file dropped twice");
        }
        if self.rng.u32(0..10) == 0 && taken < self.from + TimeDelta::days(self.days) {
            let later = taken + TimeDelta::seconds(self.rng.i64(1..100_000));
            let Action::Broadcast(broadcast) = &mut job.action else { unreachable!() };
            broadcast.content = Content::Text { content: format!("{}|edited", job.id) };
            if self.rng.bool() {
                job.at = Some(at + TimeDelta::minutes(self.rng.i64(-600..600)));
            }
            submit(world, later, job, "job edited");
        }
    }
}

/// Whether a person who asks for a job again may be told this: a later menu has its place, or the
/// config does not speak for its account.
fn refusable(why: &str) -> bool {
    [
        "its place",
        "not in the config",
        "the config gives",
        "may have been sent",
        "is not known any more",
    ]
    .iter()
    .any(|word| why.contains(word))
}

/// Drops a job's file, or waits with it while the daemon is down.
fn submit(world: &mut World, at: DateTime<Utc>, job: JobSpec, counted: &'static str) {
    world.plan(at, move |world| {
        if world.engine.is_none() {
            let later = world.at + TimeDelta::minutes(5);
            submit(world, later, job, counted);
            return;
        }
        let mut job = job;
        job.account = world.present_name(&job.account);
        // Nothing protects a person who hands a job that was sent to a database that forgot it.
        if !counted.is_empty() && world.oracle.was_restored() {
            return;
        }
        let taken = world.drop_file(std::slice::from_ref(&job));
        if !counted.is_empty() {
            world.count(counted);
        }
        let what = match taken {
            Ok(taken) => {
                format!(
                    "{:?}, {} at {}",
                    taken[0].taken,
                    taken[0].state,
                    beijing(taken[0].due_at.unwrap())
                )
            }
            Err(error) => format!("{error:?}"),
        };
        let audience = match job.action.broadcast().map(|broadcast| &broadcast.audience) {
            Some(Audience::Everyone) => "everyone".to_owned(),
            Some(Audience::Tag(tag)) => format!("tag {tag}"),
            Some(Audience::List(list)) => format!("{} followers", list.len()),
            None => job.action.name().to_owned(),
        };
        let wanted = job.at.map(beijing);
        world.say(&format!(
            "{}: {} for {audience} at {wanted:?}, priority {}: {what}",
            job.account, job.id, job.priority
        ));
    });
}

/// Keeps a copy of the database, and puts it back at some age.
fn restore(
    world: &mut World,
    (at, age): (DateTime<Utc>, TimeDelta),
    (how, name): (Restore, &'static str),
) {
    world.plan(at, move |world| match how {
        Restore::Image => world.take_image(),
        Restore::Database(_) | Restore::Backup | Restore::Snapshot => world.copy(),
    });
    world.plan(at + age, move |world| {
        let Some(index) = world.copies.iter().position(|copy| copy.at() == at) else {
            return;
        };
        world.count(name);
        world.put_back(index, how);
    });
}

/// Drops a series' file, or waits with it while the daemon is down.
fn drop_series(
    world: &mut World,
    at: DateTime<Utc>,
    (job, comes): (JobSpec, Comes),
    counted: &'static str,
) {
    world.plan(at, move |world| {
        if world.engine.is_none() {
            let later = world.at + TimeDelta::minutes(5);
            drop_series(world, later, (job, comes), counted);
            return;
        }
        let mut job = job;
        job.account = world.present_name(&job.account);
        // As with an edited job: a database that forgot what was sent cannot judge an edit.
        if counted == "series edited" && world.oracle.was_restored() {
            return;
        }
        let taken = world.drop_series(&job, &comes);
        if taken.is_ok() {
            world.count(counted);
        }
        world.say(&format!("{}: series {} {comes:?}: {taken:?}", job.account, job.id));
    });
}

impl World {
    /// A person calls a series off, if it is there.
    fn call_off(&mut self, id: &str) {
        if self.engine.is_some()
            && self.series.iter().any(|written| written.spec.id.as_str() == id)
            && self.cancel_series(id).is_ok()
        {
            self.count("series cancelled");
        }
    }

    /// A person has looked at the account's history, and lets a lost series go on.
    fn let_series_go_on(&mut self) {
        let lost = self.lost_series().filter(|_| self.engine.is_some());
        if let Some(id) = lost.filter(|id| self.is_spoken_for(id)) {
            self.count("lost series goes on");
            self.retry_series(&id);
        }
    }

    /// A person asks for a job again. An older menu is refused, because a later one has its place,
    /// and a job that an old database may have forgotten, until a person said resume, or of which
    /// only the id was left.
    fn retry_if_it_may(&mut self, id: &str) {
        if let Err(why) = self.retry(id) {
            assert!(refusable(&why), "{why}");
        }
    }

    /// A person calls off some job that waits.
    fn call_off_a_job(&mut self, pick: usize) {
        let waits = "SELECT id FROM job WHERE state IN ('planned', 'held') ORDER BY id";
        let ids: Vec<String> = {
            let mut found = self.disk.witness.prepare_cached(waits).unwrap();
            let rows = found.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        if self.engine.is_some() && !ids.is_empty() {
            self.count("job called off");
            self.call_off_job(&ids[pick % ids.len()]);
        }
    }

    /// Whether a person has to say resume.
    fn is_stopped(&self) -> bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM account WHERE hold_since_at IS NOT NULL
                       OR paused_since_at IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM daemon WHERE hold_since_at IS NOT NULL)";
        !self.in_question().is_empty()
            || self
                .disk
                .witness
                .prepare_cached(sql)
                .unwrap()
                .query_row([], |row| row.get(0))
                .unwrap()
    }

    /// Some job that a person would ask for again, having looked at the account's history.
    fn retryable(&self, pick: usize) -> Option<String> {
        let jobs: Vec<_> =
            self.oracle.job_ids().filter(|id| self.is_retryable(id)).cloned().collect();
        (!jobs.is_empty()).then(|| jobs[pick % jobs.len()].clone())
    }

    fn is_retryable(&self, id: &str) -> bool {
        let Some(engine) = &self.engine else { return false };
        let view = engine.store().read().job_view(id).unwrap();
        self.oracle.is_plainly_unsent(id)
            && !self.oracle.is_misled_about(id)
            && view.is_some_and(|view| {
                matches!(view.state, JobState::Failed | JobState::Partial | JobState::Missed)
            })
    }
}
