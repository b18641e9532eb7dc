//! Each ending, and what follows.

use super::super::ending::Stage;
use super::*;
use crate::Jitter;
use crate::botrs::TokenError;

const SECOND: Duration = Duration::from_secs(1);
const STABLE: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(600);

fn course() -> Course {
    let policy = RetryConfig::builder()
        .unlimited()
        .initial_delay(SECOND)
        .max_delay(60 * SECOND)
        .jitter(Jitter::None)
        .build()
        .expect("a valid policy");
    let timing = GatewayTiming {
        doubt_after: Duration::ZERO,
        ..GatewayTiming::default()
    };
    Course::new(policy, timing)
}

/// A connection that had been resumed or begun well, and stably.
fn stable(how: Ending) -> Ended {
    Ended {
        how,
        step: Step::Identify,
        spoke: true,
        progressed: true,
        lived: Some(STABLE),
    }
}

/// A connection whose login led to this.
fn refused(step: Step, how: Ending) -> Ended {
    Ended {
        how,
        step,
        spoke: true,
        progressed: false,
        lived: None,
    }
}

fn closed(code: u16) -> Ending {
    Ending::Closed { code }
}

fn invalid(resumable: bool, code: Option<u16>) -> Ending {
    Ending::InvalidSession { resumable, code }
}

fn lost() -> Ending {
    Ending::Lost {
        error: "reset".to_owned(),
    }
}

/// Step and delay, or the cause of the end.
fn outcome(plan: &Plan) -> Result<(Step, Duration), String> {
    match plan {
        Plan::Stop(cause) => Err(format!("{cause:?}")),
        Plan::Connect { step, after, .. } => Ok((*step, *after)),
    }
}

fn step(plan: &Plan) -> Step {
    outcome(plan).expect("it goes on").0
}

#[test]
fn the_table_of_close_codes() {
    let next = |code| outcome(&course().plan(&stable(closed(code)))).map(|(step, _)| step);
    for code in [1000, 1001, 1006, 1011, 1012, 3000, 4008, 4009] {
        assert_eq!(next(code), Ok(Step::Resume), "{code}");
    }
    for code in [4001, 4002, 4006, 4007].into_iter().chain(4900..=4913) {
        assert_eq!(next(code), Ok(Step::Identify), "{code}");
    }
    assert_eq!(next(4004), Ok(Step::Resume), "with another token");
    for code in [4010, 4011, 4012] {
        assert_eq!(next(code), Err(format!("ShardSettings {{ code: {code} }}")));
    }
    for code in [4013, 4014] {
        assert_eq!(
            next(code),
            Err(format!("IntentsRefused {{ code: {code} }}"))
        );
    }
    for code in [4914, 4915] {
        assert_eq!(next(code), Err(format!("Banned {{ code: {code} }}")));
    }
    assert_eq!(next(4924), Err("IpNotAllowed".to_owned()));
    for code in [4003, 4005, 4100, 4899, 4916, 4999, 5000] {
        assert_eq!(next(code), Ok(Step::Resume), "{code} is in no table");
    }
}

#[test]
fn an_invalid_session_is_what_the_code_behind_it_says() {
    let next = |resumable, code| {
        let plan = course().plan(&stable(invalid(resumable, code)));
        outcome(&plan).map(|(step, _)| step)
    };
    assert_eq!(next(true, None), Ok(Step::Resume));
    assert_eq!(next(false, None), Ok(Step::Identify));
    assert_eq!(next(true, Some(4009)), Ok(Step::Resume));
    assert_eq!(next(false, Some(4006)), Ok(Step::Identify));
    assert_eq!(next(false, Some(4903)), Ok(Step::Identify));
    assert_eq!(next(false, Some(4924)), Err("IpNotAllowed".to_owned()));
    assert_eq!(
        next(false, Some(4014)),
        Err("IntentsRefused { code: 4014 }".to_owned())
    );
    assert_eq!(
        next(true, Some(4915)),
        Err("Banned { code: 4915 }".to_owned())
    );
}

#[test]
fn a_new_session_after_an_invalid_one_waits_and_looks_up_its_allowance() {
    let plan = course().plan(&refused(Step::Identify, invalid(false, Some(4903))));
    let Plan::Connect {
        step,
        after,
        look_up,
        ..
    } = plan
    else {
        panic!("it goes on: {plan:?}");
    };
    assert_eq!((step, look_up), (Step::Identify, true));
    assert!(after >= 3 * SECOND);
}

#[test]
fn what_the_gateway_calls_wrong_twice_is_the_end() {
    for code in [4001, 4002] {
        let mut course = course();
        let first = course.plan(&stable(closed(code)));
        assert_eq!(step(&first), Step::Identify);
        let second = course.plan(&refused(Step::Identify, closed(code)));
        let cause = outcome(&second).expect_err("the end");
        assert_eq!(cause, format!("ProtocolRefused {{ code: {code} }}"));
    }
}

#[test]
fn an_unknown_code_that_repeats_costs_the_session() {
    let mut course = course();
    assert_eq!(step(&course.plan(&stable(closed(4444)))), Step::Resume);
    let second = refused(Step::Resume, closed(4444));
    assert_eq!(step(&course.plan(&second)), Step::Identify);
}

#[test]
fn a_resume_that_leads_nowhere_is_not_tried_for_ever() {
    for ending in [
        || lost(),
        || Ending::TimedOut {
            stage: Stage::LogIn,
        },
        || closed(1011),
    ] {
        let mut course = course();
        let mut steps = vec![step(&course.plan(&stable(lost())))];
        for _ in 0..3 {
            steps.push(step(&course.plan(&refused(Step::Resume, ending()))));
        }
        let expected = [Step::Resume, Step::Resume, Step::Resume, Step::Identify];
        assert_eq!(steps, expected, "{:?}", ending());
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_refuses_has_two_minutes() {
    let mut course = course();
    course.timing.doubt_after = GatewayTiming::default().doubt_after;
    let begun = tokio::time::Instant::now();
    loop {
        let plan = course.plan(&refused(Step::Resume, lost()));
        if step(&plan) == Step::Identify {
            break;
        }
        tokio::time::advance(10 * SECOND).await;
    }
    assert_eq!(begun.elapsed(), 120 * SECOND);

    // What the gateway refuses has not.
    let mut course = self::course();
    course.timing.doubt_after = LONG;
    let steps = [(); 3].map(|()| step(&course.plan(&refused(Step::Resume, invalid(true, None)))));
    assert_eq!(steps, [Step::Resume, Step::Resume, Step::Identify]);
}

#[test]
fn doubts_about_one_session_are_none_about_the_next() {
    let mut course = course();
    for _ in 0..2 {
        course.plan(&refused(Step::Resume, invalid(true, None)));
    }
    let begun = Ended {
        lived: Some(SECOND),
        ..stable(lost())
    };
    assert_eq!(step(&course.plan(&begun)), Step::Resume);
    for _ in 0..2 {
        let plan = course.plan(&refused(Step::Resume, lost()));
        assert_eq!(step(&plan), Step::Resume);
    }
}

#[test]
fn sessions_that_end_every_minute_are_spread_as_well() {
    let mut course = course();
    let ended = || stable(closed(4006));
    let spread: Vec<_> = (0..4)
        .map(|_| matches!(course.plan(&ended()), Plan::Connect { spread: true, .. }))
        .collect();
    assert_eq!(spread, [false, false, true, true]);
    let long = Ended {
        lived: Some(LONG),
        ..ended()
    };
    assert!(matches!(
        course.plan(&long),
        Plan::Connect { spread: false, .. }
    ));
}

#[test]
fn a_resume_that_gets_on_is_not_given_up() {
    let mut course = course();
    for _ in 0..20 {
        let halfway = Ended {
            progressed: true,
            ..refused(Step::Resume, lost())
        };
        assert_eq!(step(&course.plan(&halfway)), Step::Resume);
    }
}

#[test]
fn a_gateway_out_of_reach_costs_no_session() {
    let mut course = course();
    for _ in 0..50 {
        let unreachable = Ended {
            spoke: false,
            ..refused(
                Step::Resume,
                Ending::Unreachable {
                    stage: Stage::Connect,
                    error: "refused".to_owned(),
                },
            )
        };
        assert_eq!(step(&course.plan(&unreachable)), Step::Resume);
    }
}

#[test]
fn delays_grow_until_a_connection_was_stable() {
    let mut course = course();
    let mut delay = |lived: Option<Duration>| {
        let ended = Ended {
            step: Step::Resume,
            lived,
            ..stable(lost())
        };
        outcome(&course.plan(&ended)).expect("it goes on").1
    };
    let grown: Vec<_> = (0..8).map(|_| delay(None).as_secs()).collect();
    assert_eq!(grown, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(
        delay(Some(STABLE / 2)),
        60 * SECOND,
        "it did not live long enough"
    );
    assert_eq!(delay(Some(STABLE)), SECOND);
}

#[test]
fn a_planned_reconnect_follows_at_once_and_a_loop_of_them_does_not() {
    for ending in [|| Ending::Reconnect, || Ending::Asked, || closed(4009)] {
        let mut course = course();
        let (step, after) = outcome(&course.plan(&stable(ending()))).expect("it goes on");
        assert!(step == Step::Resume && after <= SECOND, "{after:?}");
        let hasty = || Ended {
            step: Step::Resume,
            lived: Some(SECOND),
            ..stable(ending())
        };
        let delays: Vec<_> = (0..3)
            .map(|_| {
                outcome(&course.plan(&hasty()))
                    .expect("it goes on")
                    .1
                    .as_secs()
            })
            .collect();
        assert_eq!(delays, [2, 4, 8]);
    }
}

#[test]
fn too_fast_waits_for_long() {
    let (step, after) = outcome(&course().plan(&stable(closed(4008)))).expect("it goes on");
    assert_eq!((step, after), (Step::Resume, 60 * SECOND));
}

#[test]
fn tokens_are_renewed_patiently_and_not_without_end() {
    let mut course = course();
    let mut waited = Duration::ZERO;
    for round in 1..=16 {
        let plan = course.plan(&refused(Step::Identify, closed(4004)));
        match plan {
            Plan::Connect {
                renew_token, after, ..
            } => {
                assert!(renew_token && round < 16);
                waited += after;
            }
            Plan::Stop(cause) => {
                assert_eq!(round, 16);
                assert!(matches!(cause, Unrecoverable::TokensRefused { tokens: 16 }));
            }
        }
    }
    assert!(waited > 12 * 60 * SECOND, "{waited:?}");
}

#[test]
fn a_token_that_was_good_once_begins_the_count_anew() {
    let mut course = course();
    for _ in 0..50 {
        let let_in = Ended {
            lived: Some(SECOND),
            ..stable(closed(4004))
        };
        assert_eq!(step(&course.plan(&let_in)), Step::Resume);
        assert_eq!(
            step(&course.plan(&refused(Step::Resume, closed(4004)))),
            Step::Resume
        );
    }
}

#[test]
fn a_new_session_that_breaks_before_it_began_is_begun_again() {
    for ending in [
        || lost(),
        || Ending::Dead,
        || Ending::Unacknowledged,
        || Ending::Asked,
        || Ending::Reconnect,
        || closed(1006),
        || closed(4008),
        || closed(4555),
    ] {
        let mut course = course();
        assert_eq!(step(&course.plan(&stable(closed(4006)))), Step::Identify);
        let plan = course.plan(&refused(Step::Identify, ending()));
        assert_eq!(step(&plan), Step::Identify, "{:?}", ending());
    }
}

#[test]
fn a_session_that_ends_at_once_whenever_it_is_resumed_is_given_up() {
    let mut course = course();
    let fleeting = || Ended {
        step: Step::Resume,
        progressed: false,
        lived: Some(SECOND),
        ..stable(lost())
    };
    let steps: Vec<_> = (0..8).map(|_| step(&course.plan(&fleeting()))).collect();
    assert_eq!(steps[..7], [Step::Resume; 7]);
    assert_eq!(steps[7], Step::Identify);
}

#[test]
fn new_sessions_in_a_row_are_to_be_spread() {
    let mut course = course();
    let spread: Vec<_> = (0..5)
        .map(
            |_| match course.plan(&refused(Step::Identify, closed(4900))) {
                Plan::Connect { spread, .. } => spread,
                Plan::Stop(cause) => panic!("{cause}"),
            },
        )
        .collect();
    assert_eq!(spread, [false, false, true, true, true]);
    let mut course = self::course();
    let unreachable = || Ended {
        spoke: false,
        ..refused(Step::Identify, lost())
    };
    let spreads = |plan| matches!(plan, Plan::Connect { spread: true, .. });
    assert!(
        !(0..9).any(|_| spreads(course.plan(&unreachable()))),
        "none was used"
    );
}

#[test]
fn the_address_is_looked_up_again_now_and_then() {
    let mut course = course();
    let looked_up: Vec<_> = (0..6)
        .map(|_| {
            let ending = Ending::TimedOut {
                stage: Stage::Connect,
            };
            match course.plan(&refused(Step::Identify, ending)) {
                Plan::Connect { look_up, .. } => look_up,
                Plan::Stop(cause) => panic!("{cause}"),
            }
        })
        .collect();
    assert_eq!(looked_up, [false, false, true, false, false, true]);
}

#[test]
fn a_policy_with_an_end_gives_up() {
    let policy = RetryConfig::builder()
        .max_attempts(3)
        .build()
        .expect("a valid policy");
    let mut course = Course::new(policy, GatewayTiming::default());
    assert!(outcome(&course.plan(&refused(Step::Identify, lost()))).is_ok());
    assert!(outcome(&course.plan(&refused(Step::Identify, lost()))).is_ok());
    let plan = course.plan(&refused(Step::Identify, lost()));
    let Plan::Stop(cause) = plan else {
        panic!("the third is the last");
    };
    let text = cause.to_string();
    assert!(
        text.contains("after 3 attempts") && text.contains("reset"),
        "{text}"
    );
}

#[test]
fn only_final_token_errors_are_the_end() {
    let next = |error| {
        let ended = Ended {
            spoke: false,
            ..refused(Step::Resume, Ending::Token(error))
        };
        outcome(&course().plan(&ended))
    };
    assert!(next(TokenError::WrongSecret).is_err());
    assert!(next(TokenError::IpNotAllowed).is_err());
    assert_eq!(
        next(TokenError::Server { status: 500 }),
        Ok((Step::Resume, SECOND))
    );
    let limited = TokenError::RateLimited { retry_after: None };
    assert_eq!(next(limited), Ok((Step::Resume, 60 * SECOND)));
}
