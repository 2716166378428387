//! What is known of the followers: read page by page, counted four a month, never in the way.

use chrono::{DateTime, TimeDelta, Utc};
use qunfa::model::{Audience, Credence, JobId, JobState, Kind, OnFullReceivers};
use qunfa::sandbox::{AccountSpec, EventFate, FOREVER, Fault, FaultKind, Review, Tag};
use qunfa::store::{
    FollowersAsk, FollowersView, Reach, Store, StoreError, SyncNext as Next, TagTold, Tx,
};
use qunfa::wechat::callback::{self, Incoming};

use crate::views::{advised, written};
use crate::world::{CrashPoint, World, time};

impl World {
    fn with_followers(followers: u32) -> Self {
        Self::with_spec(|spec| spec.followers = followers)
    }

    fn with_spec(change: impl FnOnce(&mut AccountSpec)) -> Self {
        let mut world = Self::new();
        world.add_account("brand", Kind::Service, |_, spec| change(spec));
        world
    }

    fn wish(&mut self) {
        let now = self.now();
        let name = self.setup(0).account.name.clone();
        self.engine().change(|tx| tx.request_sync(&name, now)).unwrap();
        self.engine().look_again(now);
    }

    /// Reads the followers, and fails where that does not end.
    fn read_followers(&mut self) {
        self.wish();
        self.run_for(TimeDelta::minutes(20));
        let view = self.followers();
        assert!(view.under_way.is_none() && view.failed.is_none(), "{view:?}");
    }

    fn followers(&self) -> FollowersView {
        let engine = self.engine.as_ref().expect("the daemon runs");
        engine.store().read().followers_view(&self.setup(0).account.name).unwrap()
    }

    fn reach(&self, id: &str, at: DateTime<Utc>) -> Option<Reach> {
        let engine = self.engine.as_ref().expect("the daemon runs");
        let account = &self.setup(0).account;
        let id = JobId::parse(id).unwrap();
        engine.store().read().reach(&id, account, (at, self.now())).unwrap()
    }

    /// The event of a broadcast, with its counts: in all, after filtering, reached, missed.
    fn event_of(&mut self, id: &str, [total, filtered, sent, missed]: [u32; 4]) {
        let msg_id = self.view(id).batches[0].msg_id.unwrap();
        let body = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <CreateTime>{}</CreateTime><MsgType>event</MsgType>\
             <Event>MASSSENDJOBFINISH</Event><MsgID>{msg_id}</MsgID><Status>send success</Status>\
             <TotalCount>{total}</TotalCount><FilterCount>{filtered}</FilterCount>\
             <SentCount>{sent}</SentCount><ErrorCount>{missed}</ErrorCount></xml>",
            self.at.timestamp()
        );
        let Ok(Incoming::MassSendJobFinish(event)) = callback::parse(body.as_bytes()) else {
            panic!("cannot be read: {body}");
        };
        let now = self.now();
        let received = (body.as_bytes(), &event, Credence::Hint);
        self.engine().receive(0, received, now).unwrap();
        self.engine().look_again(now);
    }

    fn paths(&self, path: &str) -> usize {
        self.platform.requests().iter().filter(|request| request.path == path).count()
    }
}

fn tag(id: i64) -> Audience {
    Audience::Tag(id)
}

#[test]
fn a_reading_counts_every_follower_and_every_tag() {
    for (followers, pages) in [(0, 1), (1, 2), (1_000, 2), (10_000, 2), (25_001, 4)] {
        let mut world = World::with_followers(followers);

        world.read_followers();

        let view = world.followers();
        let tags: Vec<_> = view.tags.iter().map(|tag| (tag.id, tag.followers)).collect();
        let n = u64::from(followers);
        assert_eq!(view.followers, Some(n), "{followers}");
        assert_eq!(
            tags,
            [(2, n.div_ceil(10)), (100, n.div_ceil(100)), (101, n.div_ceil(4)), (102, 0)]
        );
        assert!(view.tags.iter().all(|tag| tag.told == tag.followers), "{view:?}");
        assert_eq!(world.paths("/cgi-bin/user/get"), pages, "{followers}");
    }
}

#[test]
fn a_second_reading_knows_the_followers_of_the_first_again() {
    let mut world = World::with_followers(2_500);
    world.read_followers();
    let first = world.followers().read_at.unwrap();

    world.run_for(TimeDelta::hours(5));
    world.read_followers();

    assert!(world.followers().read_at.unwrap() > first);
    assert_eq!(world.followers().followers, Some(2_500));
    let count =
        |sql: &str| -> i64 { world.disk.witness.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT sum(length(keys)) / 12 FROM follower"), 2_500);
    assert_eq!(count("SELECT count(*) FROM follower_sync"), 1);
    assert_eq!(count("SELECT count(*) FROM staged_page"), 0);
    assert_eq!(count("SELECT count(DISTINCT follower_sync) FROM member"), 1);
}

#[test]
fn a_reading_goes_on_where_it_stood_after_any_crash() {
    let mut crashed = 0;
    for (point, name) in CrashPoint::ALL {
        for after_ms in [10, 150, 300, 700] {
            let mut world = World::with_followers(25_000);
            world.run_for(TimeDelta::seconds(5));
            world.wish();
            world.run_for(TimeDelta::milliseconds(after_ms));
            world.crashes.next = Some((point, TimeDelta::seconds(5)));

            world.run_for(TimeDelta::minutes(20));

            assert_eq!(world.followers().followers, Some(25_000), "{point:?} {after_ms}");
            assert!(world.paths("/cgi-bin/user/get") <= 5, "{point:?} {after_ms}");
            crashed += world.fired.get(name).copied().unwrap_or(0);
        }
    }
    assert!(crashed >= 12, "{crashed}");
}

#[test]
fn a_crash_between_two_parts_of_a_page_or_two_shards_loses_and_doubles_nobody() {
    for after_ms in (30..1_500).step_by(70) {
        let mut world = World::with_followers(12_000);
        world.run_for(TimeDelta::seconds(5));
        world.wish();
        world.run_for(TimeDelta::milliseconds(after_ms));
        assert!(world.followers().read_at.is_none(), "{after_ms}");
        world.crash(TimeDelta::seconds(5));

        world.run_for(TimeDelta::minutes(20));

        let view = world.followers();
        let tags: Vec<_> = view.tags.iter().map(|tag| tag.followers).collect();
        assert_eq!((view.followers, view.told), (Some(12_000), Some(12_000)), "{after_ms}");
        assert_eq!(tags, [1_200, 120, 3_000, 0], "{after_ms}");
    }
}

#[test]
fn a_page_is_asked_for_only_while_the_day_has_room_for_it() {
    let mut world = World::with_followers(25_000);
    let window = "2027-03-20";
    world.run_for(TimeDelta::seconds(5));
    world
        .disk
        .witness
        .execute(
            "INSERT INTO charge (account, rule, \"window\", amount, state)
             VALUES ('brand', 'follower_pages', ?1, 498, 'kept')",
            [window],
        )
        .unwrap();

    world.wish();
    world.run_until("2027-03-20 23:50");
    assert_eq!(world.paths("/cgi-bin/user/get"), 2);
    assert!(world.followers().under_way.is_some());
    world.run_until("2027-03-21 00:20");

    assert_eq!(world.paths("/cgi-bin/user/get"), 4);
    assert_eq!(world.followers().followers, Some(25_000));
}

#[test]
fn mishaps_on_the_way_delay_a_reading_and_do_not_end_it() {
    for kind in [
        FaultKind::AnswerLost,
        FaultKind::RequestLost,
        FaultKind::Refused,
        FaultKind::Hang { processed: true },
        FaultKind::Truncated,
        FaultKind::Errcode(-1),
        FaultKind::Errcode(42_001),
        FaultKind::ServerError { status: 502, processed: false },
    ] {
        for path in ["/cgi-bin/user/get", "/cgi-bin/user/tag/get", "/cgi-bin/tags/get"] {
            let mut world = World::with_followers(12_000);
            world.platform.inject(Fault::new(kind.clone()).on_path(path));

            world.read_followers();

            assert_eq!(world.followers().followers, Some(12_000), "{kind:?} on {path}");
        }
    }
}

#[test]
fn a_refused_reading_is_told_and_keeps_what_was_known_and_holds_no_send() {
    let mut world = World::with_followers(100);
    world.read_followers();
    world.platform.inject(Fault::new(FaultKind::Errcode(48_001)).on_path("/cgi-bin/user/get"));
    world.job("a").tag().at("2027-03-20 20:00").submit();

    world.wish();
    world.run_until("2027-03-20 21:00");

    assert_eq!(world.state("a"), JobState::Sent);
    let view = world.followers();
    assert!(view.failed.as_deref().is_some_and(|why| why.contains("48001")), "{view:?}");
    assert_eq!(view.followers, Some(100));
    let engine = world.engine.as_ref().unwrap();
    let notes = engine.store().read().attention(world.now()).unwrap();
    assert!(notes.iter().any(|note| note.kind == "followers"), "{notes:?}");
}

#[test]
fn an_account_that_may_not_read_its_followers_needs_no_person_for_it() {
    let mut world = World::with_followers(100);
    let refused = Fault::new(FaultKind::Errcode(48_001)).on_path("/cgi-bin/tags/get");
    world.platform.inject(refused.times(FOREVER));

    world.wish();
    world.run_for(TimeDelta::hours(1));

    let view = world.followers();
    assert!(view.failed.as_deref().is_some_and(|why| why.contains("48001")), "{view:?}");
    assert!(world.attention().is_empty(), "{:?}", world.attention());
}

#[test]
fn a_release_in_the_middle_of_a_reading_leaves_on_time() {
    let mut world = World::with_followers(200_000);
    world.job("a").tag().at("2027-03-20 20:00").submit();
    world.run_until("2027-03-20 19:59:58");

    world.wish();
    world.run_until("2027-03-20 20:30");

    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
    assert_eq!(world.followers().followers, Some(200_000));
}

#[test]
fn nothing_is_read_in_the_first_minutes_of_a_day() {
    let mut world = World::with_followers(100_000);
    world.run_until("2027-03-20 23:59:59");

    world.wish();
    world.run_until("2027-03-21 00:01:59");
    assert!(world.followers().under_way.is_some());
    world.run_until("2027-03-21 00:20");

    assert_eq!(world.followers().followers, Some(100_000));
}

#[test]
fn followers_are_read_once_a_day_at_a_quiet_time() {
    let mut world = World::with_followers(100);
    let mut read = Vec::new();
    for quarter in 0..(4 * 24 * 3) {
        world.run_to(time("2027-03-20 12:05") + TimeDelta::minutes(15 * quarter));
        let now = world.now();
        world.engine().request_syncs(now).unwrap();
        world.run_for(TimeDelta::minutes(1));
        read.extend(world.followers().read_at);
        read.dedup();
    }

    let hours: Vec<_> = read.iter().map(|at| crate::world::second_of_day(*at) / 3_600).collect();
    assert_eq!(hours.len(), 4, "{read:?}");
    assert_eq!(hours[0], 12);
    assert!(hours[1..].iter().all(|hour| (3..7).contains(hour)), "{hours:?}");
}

#[test]
fn the_forecast_is_what_the_platform_filters() {
    let mut world = World::with_spec(|spec| {
        spec.followers = 5_000;
        spec.tags = vec![Tag::new(2, "a", 2), Tag::new(3, "b", 3), Tag::new(5, "c", 5)];
    });
    world.read_followers();
    let sends: [(&str, Audience); 9] = [
        ("s0", tag(2)),
        ("s1", tag(3)),
        ("s2", Audience::Everyone),
        ("s3", tag(5)),
        ("s4", tag(2)),
        ("s5", tag(3)),
        ("s6", tag(5)),
        ("s7", tag(2)),
        ("s8", Audience::Everyone),
    ];
    let mut filtered = Vec::new();
    for (day, (id, audience)) in (21..).zip(sends) {
        let at = format!("2027-03-{day} 10:00");
        world.job(id).audience(audience).at(&at).submit();
        world.run_until(&format!("2027-03-{day} 08:00"));
        world.read_followers();
        // A list in between counts as well.
        if day == 24 {
            world.job("list").list(700).at("2027-03-24 09:00").submit();
        }
        world.run_until(&format!("2027-03-{day} 09:59"));

        let reach = world.reach(id, time(&at)).unwrap();
        world.run_for(TimeDelta::minutes(30));

        let theirs = world.platform.accepted().last().unwrap().clone();
        assert!(reach.current(), "{reach:?}");
        assert_eq!(reach.members, u64::from(theirs.total), "{id}");
        assert_eq!(reach.full, u64::from(theirs.total - theirs.receivers), "{id}");
        assert_eq!(reach.full, reach.possible, "{id}: {}", reach.sentence());
        let engine = world.engine.as_ref().unwrap();
        let expected = engine.store().read().expected(id).unwrap();
        assert_eq!(expected, Some((reach.members, reach.full, reach.possible)), "{id}");
        filtered.push(reach.full);
    }
    assert!(filtered.iter().filter(|full| **full > 0).count() >= 3, "{filtered:?}");

    let april = world.reach("s8", time("2027-04-01 10:00")).unwrap();
    assert_eq!((april.full, april.possible), (0, 0));
}

#[test]
fn what_nobody_knows_widens_the_bounds() {
    let mut world = World::with_spec(|spec| {
        spec.followers = 1_000;
        spec.tags = vec![Tag::new(2, "a", 2), Tag::new(100, "vip", 100)];
    });
    let send = |world: &mut World, id: &str, audience, at: &str| {
        world.job(id).audience(audience).at(at).submit();
        world.run_until(at);
        world.run_for(TimeDelta::minutes(10));
    };
    // Before the followers were ever read.
    send(&mut world, "blind", tag(100), "2027-03-20 13:00");
    world.read_followers();
    for (id, at) in
        [("t0", "2027-03-20 15:00"), ("t1", "2027-03-20 16:00"), ("t2", "2027-03-20 17:00")]
    {
        send(&mut world, id, tag(2), at);
    }
    world.job("all").audience(Audience::Everyone).at("2027-03-20 20:00").submit();

    let reach = world.reach("all", time("2027-03-20 20:00")).unwrap();

    assert_eq!((reach.full, reach.possible), (0, 500), "{}", reach.sentence());
    world.run_until("2027-03-20 21:00");
    let theirs = world.platform.accepted().last().unwrap();
    assert_eq!(theirs.total - theirs.receivers, 10);
}

#[test]
fn lists_from_before_the_first_reading_are_counted_as_far_as_their_counts_go() {
    // What one of them missed may have been anybody: of the others three are certain.
    for (missed, expected) in [(false, (40, 40)), (true, (0, 40))] {
        let mut world = World::new();
        world.add_account("brand", Kind::Service, |setup, spec| {
            setup.callback = true;
            spec.followers = 1_000;
        });
        world.platform.inject(FaultKind::Events(EventFate::Lost));
        for hour in 14..18 {
            let at = format!("2027-03-20 {hour}:00");
            world.job(&format!("l{hour}")).list(40).at(&at).submit();
        }
        if missed {
            world.run_until("2027-03-20 14:01");
            world.event_of("l14", [40, 40, 39, 1]);
        }
        world.run_until("2027-03-20 18:30");
        assert_eq!(world.state("l17"), JobState::Sent);

        world.read_followers();

        world.job("all").audience(Audience::Everyone).at("2027-03-20 20:00").submit();
        let reach = world.reach("all", time("2027-03-20 20:00")).unwrap();
        assert_eq!((reach.full, reach.possible), expected, "{}", reach.sentence());
    }
}

#[test]
fn an_old_reading_marks_a_lower_bound_only() {
    let mut world = World::with_followers(1_000);
    world.read_followers();
    world.run_until("2027-03-22 15:00");
    for (n, at) in ["15:10", "15:20", "15:30", "15:40"].into_iter().enumerate() {
        world.job(&format!("t{n}")).tag().at(&format!("2027-03-22 {at}")).submit();
    }
    world.run_until("2027-03-22 16:00");
    world.job("next").tag().at("2027-03-22 20:00").submit();

    let reach = world.reach("next", time("2027-03-22 20:00")).unwrap();

    assert!(!reach.fresh && reach.whole, "{reach:?}");
    assert_eq!((reach.full, reach.members), (100, 100));
    assert!(reach.sentence().contains("at least 100"), "{}", reach.sentence());
    world.run_until("2027-03-22 20:10");
    assert_eq!(world.state("next"), JobState::Sent, "{}", world.reason("next"));
}

fn four_to_a_tag(world: &mut World) {
    for hour in 14..18 {
        world.job(&format!("t{hour}")).tag().at(&format!("2027-03-20 {hour}:00")).submit();
    }
    world.run_until("2027-03-20 18:00");
}

#[test]
fn a_tag_is_sent_to_whatever_the_reading_says() {
    // Without any reading, with an old one, with a fresh one by which all of them are full (others
    // may have got the tag since), and with more followers than were marked.
    for (read, wait, audience) in
        [(false, 0, tag(2)), (true, 27, tag(2)), (true, 0, tag(2)), (true, 0, tag(101))]
    {
        let mut world = World::with_followers(1_000);
        if read {
            world.read_followers();
        }
        four_to_a_tag(&mut world);
        world.run_for(TimeDelta::hours(wait));
        let at = world.at + TimeDelta::hours(1);
        world.job("fifth").audience(audience).with(|spec| spec.at = Some(at)).submit();

        world.run_for(TimeDelta::hours(2));

        assert_eq!(world.state("fifth"), JobState::Sent, "{read} {wait}");
    }
}

#[test]
fn a_job_that_wants_everybody_waits_where_some_are_certainly_full() {
    let mut world = World::with_followers(1_000);
    world.read_followers();
    four_to_a_tag(&mut world);

    world
        .job("whole")
        .audience(Audience::Everyone)
        .at("2027-03-20 20:00")
        .with(|spec| {
            spec.on_full_receivers = OnFullReceivers::Defer;
            spec.expires = qunfa::model::Expires::After(TimeDelta::days(30));
        })
        .submit();
    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("whole"), JobState::Planned);
    assert!(world.reason("whole").contains("monthly_receiver"), "{}", world.reason("whole"));
}

#[test]
fn a_broadcast_that_reached_nobody_was_received_by_nobody() {
    let mut world = World::with_spec(|spec| spec.followers = 1_000);
    world.read_followers();
    for hour in 14..18 {
        world.platform.inject(FaultKind::Events(EventFate::Lost));
        world.job(&format!("t{hour}")).tag().at(&format!("2027-03-20 {hour}:00")).submit();
        world.run_until(&format!("2027-03-20 {hour}:01"));
        world.event_of(&format!("t{hour}"), [100, 0, 0, 0]);
    }
    world.run_until("2027-03-20 18:00");
    world.job("next").tag().at("2027-03-20 20:00").submit();

    let reach = world.reach("next", time("2027-03-20 20:00")).unwrap();

    assert_eq!((reach.full, reach.possible), (0, 0), "{}", reach.sentence());
}

#[test]
fn a_batch_in_doubt_may_have_reached_anyone() {
    let mut world = World::with_followers(1_000);
    world.read_followers();
    for hour in 14..17 {
        world.job(&format!("t{hour}")).tag().at(&format!("2027-03-20 {hour}:00")).submit();
    }
    world.job("doubt").tag().at("2027-03-20 17:00").submit();
    world.run_until("2027-03-20 16:59");
    world.platform.inject(Fault::new(FaultKind::RequestLost).on_path("sendall").times(FOREVER));
    world.run_until("2027-03-20 17:30");
    world.job("next").tag().at("2027-03-20 20:00").submit();

    let reach = world.reach("next", time("2027-03-20 20:00")).unwrap();

    assert_eq!((reach.full, reach.possible), (0, 100), "{}", reach.sentence());
}

#[test]
fn a_token_that_only_the_lists_refuse_is_given_back_once() {
    let mut world = World::with_followers(100);
    let refused = Fault::new(FaultKind::Errcode(40_001)).on_path("/cgi-bin/user/get");
    world.platform.inject(refused.times(FOREVER));
    world.job("a").tag().at("2027-03-20 20:00").submit();

    world.wish();
    world.run_until("2027-03-20 21:00");

    assert!(world.followers().failed.is_some(), "{:?}", world.followers());
    assert!(world.paths("/cgi-bin/user/get") <= 10, "{}", world.paths("/cgi-bin/user/get"));
    assert!(world.paths("/cgi-bin/stable_token") <= 6, "{}", world.paths("/cgi-bin/stable_token"));
    assert_eq!(world.accepted(), ["2027-03-20 20:00:00"]);
}

#[test]
fn a_list_that_goes_round_is_given_up() {
    let now = time("2027-03-20 12:00");
    let mut store = Store::in_memory(now).unwrap();
    let tags = [TagTold { id: 2, name: "a".to_owned(), count: 10 }];
    let follows = |tx: &Tx<'_>| {
        tx.request_sync("brand", now)?;
        let Some((_, Next::Tags(ask))) = tx.next_of_sync("brand", now)? else {
            panic!("no question")
        };
        tx.list_tags(ask.sync, &tags)?;
        let page = FollowersAsk { set: Some(2), ..ask };
        let mut rounds = 0;
        while !tx.lists_too_many(page)? {
            rounds += 1;
            tx.end_page(page, (1, 10_000, None), Some("oA"))?;
        }
        Ok::<_, StoreError>(rounds)
    };

    assert_eq!(store.transaction(follows).unwrap(), 3);
}

#[test]
fn a_tag_that_the_account_does_not_have_is_told_before_it_is_asked_for() {
    let mut world = World::with_followers(1_000);
    world.read_followers();
    world.job("a").audience(tag(999)).at("2027-03-20 20:00").submit();

    let id = JobId::parse("a").unwrap();
    let (account, now) = (&world.setup(0).account, world.now());
    let engine = world.engine.as_ref().unwrap();
    let forecast = engine.store().read().receivers_forecast(&id, account, (now, now)).unwrap();

    let (words, is_short) = forecast.unwrap();
    assert!(is_short && words.starts_with("tag 999 is not among the account's tags"), "{words}");
}

#[test]
fn a_tag_that_is_gone_is_left_out_of_the_reading() {
    let mut world = World::with_followers(1_000);
    world.platform.inject(Fault::new(FaultKind::Errcode(45_159)).on_path("/cgi-bin/user/tag/get"));

    world.read_followers();

    let view = world.followers();
    assert_eq!((view.followers, view.tags.len()), (Some(1_000), 3), "{view:?}");
}

#[test]
fn a_broadcast_that_failed_review_was_received_by_nobody() {
    let mut world = World::with_followers(1_000);
    world.read_followers();
    world.platform.inject(FaultKind::Review(Review::Failed));
    four_to_a_tag(&mut world);
    world.job("next").tag().at("2027-03-20 20:00").submit();

    let reach = world.reach("next", time("2027-03-20 20:00")).unwrap();

    assert_eq!((reach.full, reach.possible), (0, 0), "{}", reach.sentence());
}

#[test]
fn a_list_whose_broadcast_failed_is_not_full_of_it() {
    let mut world = World::with_safe_callback(Kind::Service);
    world.platform.inject(FaultKind::Review(Review::Failed));
    for hour in 14..18 {
        world.job(&format!("l{hour}")).list(3).at(&format!("2027-03-20 {hour}:00")).submit();
    }
    world.job("fifth").list(3).at("2027-03-20 20:00").submit();

    world.run_until("2027-03-20 20:10");

    assert_eq!(world.state("l14"), JobState::Failed);
    assert_eq!(world.state("fifth"), JobState::Sent, "{}", world.reason("fifth"));
}

#[test]
fn a_list_is_not_certainly_full_where_a_broadcast_missed_somebody() {
    // Where all seem full and some may not be, nobody is dropped: a list of nobody cannot be sent.
    let drop = OnFullReceivers::Drop;
    for policy in [OnFullReceivers::Send, drop] {
        let mut world = World::new();
        world.add_account("brand", Kind::Service, |setup, spec| {
            setup.callback = true;
            spec.followers = 1_000;
        });
        world.read_followers();
        for hour in 14..19 {
            let job = world.job(&format!("j{hour}")).list(3);
            let job = job.with(|spec| spec.on_full_receivers = policy);
            job.at(&format!("2027-03-20 {hour}:00")).submit();
        }
        world.platform.inject(FaultKind::Events(EventFate::Lost));
        world.run_until("2027-03-20 14:01");
        world.event_of("j14", [3, 3, 2, 1]);

        world.run_until("2027-03-20 19:10");

        assert_eq!(world.state("j18"), JobState::Sent, "{}", world.reason("j18"));
    }
}

#[test]
fn an_account_that_is_paused_in_the_middle_of_a_page_keeps_no_other_from_reading() {
    let mut world = World::new();
    world.add_account("second", Kind::Service, |_, spec| spec.followers = 100);
    world.add_account("first", Kind::Service, |_, spec| spec.followers = 25_000);
    world.run_for(TimeDelta::seconds(5));
    let now = world.now();
    world.engine().change(|tx| tx.request_sync("first", now)).unwrap();
    world.engine().look_again(now);
    world.run_for(TimeDelta::milliseconds(430));
    let done = |tx: &Tx<'_>| {
        tx.pause("first", &written("a test"), &advised("nothing"), now)?;
        tx.request_sync("second", now)
    };
    world.engine().change(done).unwrap();
    world.engine().look_again(now);

    world.run_for(TimeDelta::minutes(5));
    assert_eq!(world.followers().followers, Some(100));

    world.resume();
    world.run_for(TimeDelta::minutes(5));
    let engine = world.engine.as_ref().unwrap();
    let first = engine.store().read().followers_view("first").unwrap();
    assert_eq!(first.followers, Some(25_000), "{first:?}");
}

#[test]
fn accounts_that_wait_to_read_their_followers_sleep_until_it_is_their_turn() {
    let mut world = World::new();
    let names: Vec<_> = (0..20).map(|n| format!("club-{n}")).collect();
    for name in &names {
        world.add_account(name, Kind::Service, |_, spec| spec.followers = 100);
    }
    world.run_for(TimeDelta::seconds(5));
    let now = world.now();
    let wish = |tx: &Tx<'_>| names.iter().try_for_each(|name| tx.request_sync(name, now));
    world.engine().change(wish).unwrap();
    world.engine().look_again(now);
    let read = |world: &mut World, name: &String| {
        world.engine().store().read().followers_view(name).unwrap().followers
    };
    let mut asleep = 0;
    for _ in 0..100 {
        world.run_for(TimeDelta::milliseconds(20));
        let soon = world.now() + TimeDelta::seconds(2);
        let sleeps = world.engine().next_wake().is_none_or(|wake| wake > soon);
        let waits = names.iter().any(|name| read(&mut world, name).is_none());
        asleep += u32::from(sleeps && waits);
    }

    assert!(asleep > 0, "some account always looks whether another one is done");
    world.run_for(TimeDelta::minutes(5));
    for name in &names {
        assert_eq!(read(&mut world, name), Some(100), "{name}");
    }
}
