//! What people are coached on in the demo account, in the words they would use.

/// A number somebody follows.
pub(super) struct Gauge {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    /// Where it began, and what is to be reached.
    pub(super) from: f64,
    pub(super) to: f64,
    /// How far it strays from the way there.
    pub(super) noise: f64,
}

/// Something with a title and a text.
pub(super) type Text = (&'static str, &'static str);

/// A reason to be coached, with everything that comes up along the way.
pub(super) struct Theme {
    pub(super) actions: &'static [Text],
    pub(super) gauges: &'static [Gauge],
    pub(super) worksheets: &'static [Text],
    /// Topics of sessions and what was noted.
    pub(super) sessions: &'static [Text],
    pub(super) journal: &'static [Text],
    /// What the coach notes for nobody else.
    pub(super) notes: &'static [Text],
    pub(super) course: &'static str,
    pub(super) steps: &'static [&'static str],
}

pub(super) const THEMES: [Theme; 6] = [
    Theme {
        actions: &[
            (
                "Hold a first 1:1 with every direct report",
                "Thirty minutes each. Ask what to keep, what to stop, and listen more than you talk.",
            ),
            ("Write down what “done” means for the migration", "One page. Share it with the team before Monday’s stand-up."),
            ("Hand over the on-call rota to Dana", ""),
            ("Say no to one meeting a day this week", "Note what happened when you did."),
            ("Ask Leo for feedback on the planning session", "Use the three questions from last time."),
            ("Draft the 90-day plan", "Three goals, how you will know, who has to agree."),
            ("Give Farid the feedback you have been putting off", "Situation, behaviour, impact. Practise it aloud once."),
            ("Read two chapters of the book on delegation", ""),
            ("Move the team retro to every other Thursday", ""),
            ("Thank someone by name in the all-hands", ""),
            ("Prepare the mid-year review for Dana", "Start from examples, not adjectives."),
            ("List the decisions only you can make", "Everything else goes to somebody by name."),
            ("Block two mornings for focused work", "In the calendar, declined by default."),
            ("Talk to your own manager about headcount", "Bring the numbers from the capacity sheet."),
        ],
        gauges: &[
            Gauge { title: "Hours of focused work a week", unit: "h", from: 6.0, to: 15.0, noise: 1.6 },
            Gauge { title: "Confidence in difficult conversations", unit: "of 10", from: 3.0, to: 8.0, noise: 0.7 },
            Gauge { title: "Tasks delegated a week", unit: "tasks", from: 1.0, to: 6.0, noise: 1.0 },
        ],
        worksheets: &[
            ("Who does what: a map of your team", "One row for each person: strengths, stretch, what they need from you."),
            ("Circle of control", "Sort this month’s worries into control, influence, accept."),
            ("Your user manual", "How to work with you, in one page, for the team."),
            ("Delegation ladder", "Put five tasks on the ladder. Move each up one rung."),
        ],
        sessions: &[
            (
                "From doing to leading",
                "Still takes tickets to feel useful. We looked at what the team reads into it. Experiment: two weeks without, and write down the urge when it comes.",
            ),
            (
                "The conversation with Farid",
                "Rehearsed twice, second time without the apology at the start. The sentence that worked: “I need you to tell me before the date, not after.”",
            ),
            ("Energy and calendar", "Mapped a week by energy, not by hour. Mornings are being given away. Two are now blocked."),
            ("Managing up", "The ask for headcount kept turning into an explanation. Shortened to three sentences and a number."),
            ("What got you here", "Reviewed the first months: the team ships without being asked twice. Next: growing a deputy."),
        ],
        journal: &[
            (
                "It went better than I rehearsed",
                "Farid was relieved, actually. He said he had been waiting for somebody to say it. I had been carrying this for six weeks.",
            ),
            ("I took a ticket again", "Two hours, felt great, and Dana looked at me in stand-up and I knew. Writing it down as agreed."),
            ("Quiet morning", "First blocked morning that stayed blocked. I finished the plan by eleven."),
            ("A small thing", "Somebody on the team used “what does done mean” in a meeting without me. I grinned for an hour."),
            ("Tired", "Three days of interviews. Did not do the reading. Did say no to one meeting."),
        ],
        notes: &[
            ("Watch the apologies", "Begins most requests with sorry. Bring a recording next time, if that is all right."),
            ("Sponsor call", "HR asked for “visible progress”. Reminded them that they see metrics, not notes."),
            ("Idea", "Pair with somebody from the cohort for peer practice?"),
        ],
        course: "First-time manager",
        steps: &["Your first month", "Feedback that lands", "Delegating without disappearing", "Running a 1:1", "Growing a deputy"],
    },
    Theme {
        actions: &[
            ("Cut the board paper to two pages", "Decision first, options second, appendix for the rest."),
            ("Rehearse the opening with Ines", ""),
            ("Ask three peers what you are known for", "Write down their words, not yours."),
            ("Answer last in Monday’s leadership meeting", "Count how often it was not needed."),
            ("Write the one-sentence strategy", "If it needs a comma, it is two."),
            ("Lunch with the new finance director", ""),
            ("Record yourself for three minutes and watch it once", "Pace and pauses only."),
            ("Hand the quarterly update to Jonas", "He presents, you sit at the side."),
            ("Decide on the reorganisation by Friday", "Good enough and on time."),
            ("Write to the two people who were passed over", "By hand."),
            ("Send the succession list to the chair", ""),
            ("Stop editing slides after 9 p.m.", ""),
        ],
        gauges: &[
            Gauge { title: "Share of meetings where I spoke last", unit: "%", from: 10.0, to: 60.0, noise: 7.0 },
            Gauge { title: "Board papers within two pages", unit: "%", from: 0.0, to: 100.0, noise: 12.0 },
        ],
        worksheets: &[
            ("Stakeholder map", "Who decides, who advises, who is surprised if not asked."),
            ("Your leadership story", "Where it began, what it cost, what it stands for. Half a page."),
            ("Pre-mortem of the reorganisation", "It is a year later and it failed. Why?"),
        ],
        sessions: &[
            (
                "Presence in the room",
                "Speaks early to be done with it. Tried silence in the role play: the others filled it with the answer. Two meetings to try it in before next time.",
            ),
            ("The two-page paper", "Went through the last paper line by line. What survived was the decision and one chart."),
            ("Letting Jonas present", "The discomfort is about control, not about Jonas. Agreed what would count as going well enough."),
            ("Succession", "First honest list. One name was missing for a reason that did not hold up."),
        ],
        journal: &[
            ("I waited", "Counted to ten. At seven, Mireille said what I was going to say, and better."),
            ("Two pages", "The chair wrote “thank you for this” on it. In nine years a first."),
            ("Restless", "Jonas did well. I knew it would be harder to watch than to do."),
        ],
        notes: &[
            ("Pattern", "Changes the subject when the predecessor comes up. Third time."),
            ("Contract", "Renewal is due in the spring; the sponsor hinted at two more seats."),
        ],
        course: "Executive presence",
        steps: &["Say less", "Own the pause", "Papers that decide", "The room before the room"],
    },
    Theme {
        actions: &[
            ("Call ten customers who left", "One question: what did you use instead?"),
            ("Set the runway alarm at nine months", ""),
            ("Fire the agency", "Kindly, today, in writing."),
            ("Write the job post for a head of operations", "What they own in month three, not what they have done before."),
            ("Tell the team the real numbers", "Runway, plan A, plan B."),
            ("Take Saturday off, all of it", "Phone in the drawer."),
            ("Send the investor update by the 5th", "Ask for one concrete thing."),
            ("Agree with your co-founder who decides on pricing", "One name."),
            ("Kill the feature nobody has used since June", ""),
            ("Run the first paid pilot", "Small, but paid."),
            ("Sleep before answering the term sheet", ""),
            ("Hand payroll to somebody else", ""),
        ],
        gauges: &[
            Gauge { title: "Monthly recurring revenue", unit: "k$", from: 14.0, to: 60.0, noise: 2.5 },
            Gauge { title: "Nights with seven hours of sleep", unit: "a week", from: 2.0, to: 6.0, noise: 0.9 },
            Gauge { title: "Runway", unit: "months", from: 7.0, to: 14.0, noise: 0.8 },
        ],
        worksheets: &[
            ("Founder agreement check-up", "Who decides what, and when it was last said aloud."),
            ("Letter from the future", "Dated three years from now, from you to you."),
            ("Kill list", "Everything the company does that no customer would miss."),
        ],
        sessions: &[
            (
                "Alone at the top of the list",
                "Holds eleven roles. We gave four away on paper and one for real, on the phone, during the session.",
            ),
            ("The co-founder question", "It is not about pricing. Agreed on a walk without laptops before the next board meeting."),
            ("Pitching without shrinking", "Removed “just” and “hopefully” from the deck: nineteen times."),
            ("Numbers on the table", "Told the team the real runway. Nobody left. Two people came with ideas the same evening."),
        ],
        journal: &[
            ("The drawer", "Phone in the drawer from Friday night. At noon on Saturday I noticed I was humming."),
            ("They said yes", "Paid pilot. Small, paid, signed. I cried in the lift and then fixed the invoice."),
            ("Bad night", "3 a.m. spreadsheets again. The numbers did not change, as agreed they would not."),
            ("The walk", "We said the thing. Pricing has one owner now. I felt lighter before we were back at the car."),
        ],
        notes: &[
            ("Sleep", "Looks worn out on camera. Raise it first thing, before the agenda does."),
            ("Circle", "Would be a good second voice for the new ones in the founders’ circle."),
        ],
        course: "From founder to chief executive",
        steps: &["Roles, not heroes", "Money conversations", "Hiring the first leader", "Board rhythm"],
    },
    Theme {
        actions: &[
            ("Talk to five people who do the job you want", "Ask about a bad Tuesday, not about the best day."),
            ("Rewrite the first three lines of your profile", ""),
            ("Apply for one job you are not ready for", ""),
            ("Ask Professor Lindgren for a reference", ""),
            ("Do the portfolio piece on the bus timetable", "Finish it, then stop polishing."),
            ("Work out the number: what you need a month", "Rent, food, the loan, and a week at the sea."),
            ("Practise the salary sentence", "Say it, then be quiet."),
            ("Write to the recruiter who went silent", ""),
            ("Sign up for the evening class", ""),
            ("Tell your parents", "You choose when. You do not have to convince them."),
            ("Prepare three stories for the interview", "Situation, what you did, what changed."),
        ],
        gauges: &[
            Gauge { title: "Conversations with people in the field", unit: "a month", from: 0.0, to: 6.0, noise: 1.0 },
            Gauge { title: "Applications sent", unit: "a week", from: 0.0, to: 4.0, noise: 0.9 },
        ],
        worksheets: &[
            ("Values, sorted", "Twenty cards, keep five, say why."),
            ("The odyssey plan", "Three different five-year lives, one page each."),
            ("Strengths, with evidence", "For each strength a Tuesday on which you used it."),
        ],
        sessions: &[
            ("What you would miss", "Made the list of what would be missed from the old job. It was short, and all of it was people."),
            ("Three lives", "The second plan was told with the hands. We noticed."),
            ("Interview practice", "The story about the flood plan is the strongest and was told last. It goes first now."),
        ],
        journal: &[
            (
                "A real conversation",
                "An hour with somebody who does it every day. She said the paperwork never ends and I still wanted it.",
            ),
            ("Rejected", "Form letter, two lines. Angry until lunch, then wrote the next one."),
            ("Second round!", "They liked the flood story. Thank you for making me move it to the front."),
        ],
        notes: &[
            ("Pace", "Wants to quit on Friday. Savings last four months. Slow down without taking the wind out."),
            ("Referral", "Ask Grace whether she would be open to a call."),
        ],
        course: "Career change in twelve weeks",
        steps: &["Look back", "Look around", "Try it small", "Tell people", "Decide"],
    },
    Theme {
        actions: &[
            ("Leave at 17:30 on two days this week", "Put the days in the calendar, tell one colleague."),
            ("Walk for thirty minutes before the first mail", ""),
            ("Ask for a hand-over week after the leave", "In writing, with dates."),
            ("Book the check-up", ""),
            ("Cook on Wednesdays with the children", ""),
            ("Turn off notifications after eight", "Both phones."),
            ("Say what you need on Sunday, not on Thursday", ""),
            ("Find somebody for the school run on Tuesdays", ""),
            ("Drop the fourth committee", "Thank them, name a successor, do not explain."),
            ("Call your sister", "About nothing in particular."),
        ],
        gauges: &[
            Gauge { title: "Evenings without work", unit: "a week", from: 1.0, to: 5.0, noise: 0.8 },
            Gauge { title: "Resting heart rate", unit: "bpm", from: 74.0, to: 62.0, noise: 1.8 },
            Gauge { title: "Energy in the morning", unit: "of 10", from: 3.5, to: 7.5, noise: 0.8 },
        ],
        worksheets: &[
            ("Wheel of life", "Eight slices, today and in six months."),
            ("Where the hours went", "Seven days in half hours. No judging, only writing."),
            ("Letter to my employer about coming back", "Draft. Not to be sent yet."),
        ],
        sessions: &[
            ("The first week back", "Full calendar from day one. We marked what would have waited until day ten: most of it."),
            ("Saying no without a reason", "Practised four versions. The shortest one felt rude only to the one who said it."),
            ("Half a year on", "Three evenings a week are free by default now. What remains is the guilt on the other two."),
        ],
        journal: &[
            ("Wednesday", "Pancakes. The kitchen looks like a quarry. Nobody looked at a screen for two hours."),
            ("I stayed late again", "And nobody had asked. Writing that down because it is the point."),
            ("Walked in the rain", "Thirty minutes, wet to the bone, first good idea in weeks."),
        ],
        notes: &[
            ("Careful", "Mentioned the hospital in passing. Ask once, gently."),
            ("Employer", "Phased return was refused and then granted; keep the dates on file."),
        ],
        course: "Back to work, at your pace",
        steps: &["Before the first day", "The first fortnight", "Boundaries", "Three months in"],
    },
    Theme {
        actions: &[
            ("Ask every prospect for the date of the decision", ""),
            ("Listen to two of your own calls", "Count who talks."),
            ("Let Ruben lead the pitch at Norden", "You take notes."),
            ("Call the lost deals from the spring", "Nothing to sell. Only: what did we not hear?"),
            ("Put the forecast on one page", "Commit, likely, hope."),
            ("Shadow the service desk for a morning", ""),
            ("Agree the discount rule with finance", "One number, no exceptions above it without a call."),
            ("Weekly pipeline review in twenty minutes", "Standing."),
            ("Write down the question you avoid asking", "Then ask it on Thursday."),
            ("Introduce the new account lead in person", ""),
        ],
        gauges: &[
            Gauge { title: "Share of the talking in calls", unit: "%", from: 68.0, to: 45.0, noise: 4.0 },
            Gauge { title: "Forecast accuracy", unit: "%", from: 61.0, to: 85.0, noise: 4.0 },
            Gauge { title: "Team quota reached", unit: "%", from: 72.0, to: 100.0, noise: 5.0 },
        ],
        worksheets: &[
            ("Anatomy of a lost deal", "Step by step, with dates. Where did the silence begin?"),
            ("Coach or closer?", "For each of your people: what did you do in their last deal?"),
            ("Twelve questions", "The ones you ask, in order. Cross out those whose answer you never used."),
        ],
        sessions: &[
            ("Silence sells", "Sixty-eight percent of the talking on the recorded call. Target for the next three: under half."),
            ("Forecast without hope", "Moved four deals from likely to hope. It hurt, and the number for the quarter still holds."),
            ("Coaching, not closing", "Took over Ruben’s call in minute six. What was he going to say in minute seven?"),
        ],
        journal: &[
            ("Minute seven", "I stayed quiet. Ruben asked about their works council. That was the deal, right there."),
            ("Numbers day", "Within four percent of the forecast. I had forgotten how calm that feels."),
            ("Lost one", "They had told us in March. We had not heard it. The call is on the list for Friday."),
        ],
        notes: &[
            ("Numbers", "Rounds up when nervous. Ask for the screenshot."),
            ("Next step", "Ready for a bigger team? Leave it until it comes up."),
        ],
        course: "Leading a sales team",
        steps: &["Listening in numbers", "A forecast you believe", "The weekly twenty minutes", "Coaching on calls"],
    },
];
