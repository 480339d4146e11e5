/* The life of one message_uuid between two legacy and three service workers, one ledger and one carrier.
 *
 *   client -> Legacy (the gateway's side) --request, any delay--> Service --+--> Carrier
 *                 |                                                         |
 *                 '---- claim, dispatch, settle: one row of the ledger -----'
 *
 * Every atomic block is one committed statement, one packet, or one decision of a process. Between two of them
 * anything else may happen: a crash, a lost answer, a mode flip, the reaper, an operator.
 *
 *   spin -a ledger.pml             every reachable state, the invariants
 *   spin -DBUG=n -a ledger.pml     the same with design mistake n: must fail
 *   spin -DRESTORE -a ledger.pml   an older state of the database is restored, once
 *   spin -DLIVE -a ledger.pml      once faults stop, the message ends (I11); run with acceptance and weak fairness
 */
#ifndef BUG
#define BUG 0
#endif
#ifndef LEGACY_WORKERS
#define LEGACY_WORKERS 2
#endif
#ifndef SERVICE_WORKERS
#define SERVICE_WORKERS 3
#endif
/* Tokens that are made in all: sends that may begin. */
#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
/* The mode has FLIPS + 1 epochs. */
#ifndef FLIPS
#define FLIPS 2
#endif

/* The row of the ledger. */
#define NONE 0
#define CLAIMED 1
#define DISPATCHED 2
#define SENT 3
#define REFUSED 4
#define DOUBT 5
#define VOID 6
#define NOBODY 0
#define LEGACY 1
#define GO 2
byte state = NONE;
byte holder = NOBODY;
byte epoch = 0;
/* Number of the attempt that the row is under; 0 before the first dispatch. */
byte token = 0;

/* The last token that was made. No token is made twice: this is no part of the row and survives a restore. */
byte tokens = 0;
/* After a restore: the row stands for every attempt there may have been. */
bool marked = false;

/* The world: what became of the request of attempt n. 0 is a request that no attempt covers. */
#define UNMADE 0
#define TRAVELLING 1
#define TAKEN 2 /* executed; the answer is on its way */
#define TAKEN_OVER 3 /* executed; the answer was read, or nobody will */
#define DENIED 4 /* refused; the answer is on its way */
#define NEVER 5 /* not executed, and it never will be */
byte request[ATTEMPTS + 1];
/* The process that has attempt n: it has the permit and has sent nothing, or it waits for the answer. */
#define HELD 1
#define ASKED 2
byte with[ATTEMPTS + 1];
bool committed[ATTEMPTS + 1];
byte sends = 0;
/* A second request of attempt `replayOf`, with the key that the carrier dedupes on. */
byte replay = UNMADE;
byte replayOf = 0;

/* The entry. */
#define OFF 0
#define SHADOW 1
#define ON 2
byte mode = ON;
byte flips = 0;
bool entered = false;
bool posted[LEGACY_WORKERS];
#define ACCEPTED 1
#define SUPERSEDED 2
#define FAILED 3
byte verdict[LEGACY_WORKERS];

/* Where each worker is. */
#define IDLE 0
#define WAITS 1 /* legacy: for the service's verdict */
#define CLAIMS 2 /* legacy: for the ledger */
#define GIVES_UP 3 /* legacy: the service answered that it failed */
#define UNSURE 4 /* the statement has run; its answer is lost */
#define LATE 5 /* the statement is still on its way; its answer is lost */
#define UNSPENT 6 /* legacy: as UNSURE, and it has stopped asking */
#define HOLDS 7 /* has the permit, has sent nothing */
#define ASKS 8 /* the request is out */
#define ENDED 9 /* legacy: the caller is answered; only what was handed back is left to do */
#define SAW 10 /* bug 7 */
byte at[LEGACY_WORKERS + SERVICE_WORKERS];

#ifdef RESTORE
bool fence = false;
bool restored = false;
bool backedUp = false;
byte oldState, oldHolder, oldEpoch, oldToken;
#else
#define fence false
#endif

#ifdef LIVE
bool calm = false;
#else
#define calm false
#endif

/* An old row is always behind the world; that alone is no harm, a second send is. */
#if BUG == 12 || BUG == 24 || BUG == 25
#define RESTORED_WRONGLY true
#else
#define RESTORED_WRONGLY false
#endif

/* Number of the promise that was broken; the text of the assertion carries it. */
byte broken = 0;
inline promise(n, kept) {
  if :: !(kept) -> broken = n :: else fi;
  assert(broken != n)
}

#define MAY_STILL_HAPPEN(n) (with[n] == HELD || request[n] == TRAVELLING || (replayOf == n && replay == TRAVELLING))
#if ATTEMPTS == 2
#define ANY_MAY_STILL_HAPPEN (MAY_STILL_HAPPEN(1) || MAY_STILL_HAPPEN(2))
#else
#define ANY_MAY_STILL_HAPPEN (MAY_STILL_HAPPEN(1) || MAY_STILL_HAPPEN(2) || MAY_STILL_HAPPEN(3))
#endif
/* What the carrier knows of the row's attempt; after a restore, of all. */
#define IT_HAPPENED (sends > 0)
#define IT_MAY_STILL_HAPPEN ((marked && ANY_MAY_STILL_HAPPEN) || MAY_STILL_HAPPEN(token))

/* Every change of the row: the drawing of the ledger (20), and what the row says of the world (1, 10). */
inline become(next, nextHolder) {
#if BUG == 0
  promise(20, (state == NONE && (next == CLAIMED || (next == DISPATCHED && nextHolder == LEGACY) || next == VOID))
    || (state == CLAIMED && (next == DISPATCHED || next == VOID || (next == CLAIMED && holder == GO && nextHolder == LEGACY)))
    || (state == DISPATCHED && (next == SENT || next == REFUSED || next == DOUBT || next == CLAIMED))
    || (state == DOUBT && (next == SENT || next == REFUSED || next == CLAIMED)));
  promise(20, nextHolder == holder || state == NONE || state == CLAIMED);
#endif
  promise(10, state != DOUBT || (next == SENT && IT_HAPPENED)
    || (next != SENT && !IT_HAPPENED && !IT_MAY_STILL_HAPPEN));
  if :: nextHolder != holder -> epoch++ :: else fi;
  state = next; holder = nextHolder;
  if :: state != DOUBT -> marked = false :: else fi;
  promise(1, state != SENT || sends == 1);
  promise(1, state == SENT || state == DISPATCHED || state == DOUBT || sends == 0 || RESTORED_WRONGLY)
}

/* The commit of `dispatched` under a token of its own, before the first byte. */
inline dispatch(by) {
  tokens++; my = tokens; token = my;
  become(DISPATCHED, by);
  committed[my] = true
}

inline takePermit() { with[my] = HELD; at[me] = HOLDS }

inline nobodyReads(n) {
  if
  :: request[n] == TAKEN -> request[n] = TAKEN_OVER
  :: request[n] == DENIED -> request[n] = NEVER
  :: else
  fi
}

/* Ends an attempt in this process, by its end or by a crash: the permit dies with it. */
#define HOME (by == LEGACY -> ENDED : IDLE)
inline leave() {
  if
  :: my != 0 -> with[my] = NOBODY; nobodyReads(my); my = 0
  :: else
  fi;
  if :: at[me] == WAITS -> verdict[me] = 0 :: else fi;
  at[me] = HOME
}

/* The statement runs and its answer comes, or is lost, or is lost before the statement has run. */
inline dispatchAs(by) {
  if
  :: true -> dispatch(by); takePermit()
  :: !calm -> dispatch(by); at[me] = UNSURE
  :: !calm -> at[me] = LATE
  fi
}

#define OURS ((token == my || BUG == 8) && (state == DISPATCHED || state == DOUBT))
/* Once there was a replay, a proof about the first request is none. */
#define REPLAYED (BUG != 15 && state == DOUBT && replayOf == my)

inline proveNotSent() {
  if
  :: OURS && !REPLAYED -> if :: true -> become(REFUSED, holder) :: true -> become(CLAIMED, holder) fi
  :: else
  fi
}


#define MAY_DISPATCH (tokens < ATTEMPTS && ( \
  (by == LEGACY && at[me] == ENDED && state == CLAIMED && holder == LEGACY) \
  || (by == GO && holder == GO && (state == CLAIMED \
    || (BUG == 4 && state == DOUBT) || (BUG == 13 && state == DISPATCHED)))))
/* A statement that is late does what it would have done: it looks at the row as it finds it. */
#define MAY_STILL_RUN (tokens < ATTEMPTS && ( \
  (by == LEGACY && (state == NONE || (state == CLAIMED && holder == LEGACY))) || (by == GO && state == CLAIMED && holder == GO)))

inline accept(from) {
  posted[from] = false;
  if
  :: state == NONE || (BUG == 2 && holder == LEGACY) -> become(CLAIMED, GO)
  :: else
  fi;
  if
  :: at[from] == WAITS && holder == GO -> verdict[from] = ACCEPTED
  :: at[from] == WAITS && holder != GO -> verdict[from] = SUPERSEDED
  :: at[from] == WAITS && !calm -> verdict[from] = FAILED
  :: !calm || at[from] != WAITS
  fi
}

/* Idle workers of one side are alike: the first of them begins. Halves and sixths of the states are mirror images. */
#define FIRST_IDLE (me == 0 || me == LEGACY_WORKERS || at[me - 1] != IDLE)

proctype Worker(byte me; byte by) {
  byte my = 0;
end:
  do
  /* Legacy: the request, from the mode that it reads once, to the claim. */
  :: atomic { by == LEGACY && at[me] == IDLE && FIRST_IDLE && !fence ->
       entered = true;
       if
       :: mode == ON -> posted[me] = true; at[me] = WAITS
       :: else -> at[me] = CLAIMS
       fi;
#if BUG == 11
       if :: mode == OFF -> request[0] = TRAVELLING; at[me] = ENDED :: else fi;
#endif
#if BUG == 18
       if :: mode == SHADOW -> request[0] = TRAVELLING :: else fi;
#endif
       skip }
  :: atomic { at[me] == WAITS && !fence && (verdict[me] == ACCEPTED || verdict[me] == SUPERSEDED) -> verdict[me] = 0; at[me] = ENDED }
  :: atomic { at[me] == WAITS && !fence && verdict[me] == FAILED -> verdict[me] = 0;
#if BUG == 22
       request[0] = TRAVELLING; at[me] = ENDED
#else
       at[me] = GIVES_UP
#endif
     }
  /* 500 ms have passed, or the connection was reset or refused: the request may still arrive, at any time. */
  :: atomic { at[me] == WAITS && !fence -> verdict[me] = 0;
#if BUG == 1
       request[0] = TRAVELLING; at[me] = ENDED
#else
       at[me] = CLAIMS
#endif
     }
  :: atomic { at[me] == GIVES_UP && !fence ->
       if :: state == NONE -> become(VOID, NOBODY) :: else fi;
       at[me] = ENDED }
  :: atomic { at[me] == CLAIMS && !fence && state == NONE && tokens < ATTEMPTS -> dispatchAs(LEGACY) }
  /* Scheduled: held until its time, whenever that is; nobody has a permit. */
  :: atomic { at[me] == CLAIMS && !fence && state == NONE -> become(CLAIMED, LEGACY); at[me] = ENDED }
  :: atomic { at[me] == CLAIMS && !fence && state != NONE -> at[me] = ENDED }

  /* Service: acceptance, whenever the request arrives; the verdict may be lost. */
  :: atomic { by == GO && at[me] == IDLE && FIRST_IDLE && !fence && posted[0] -> accept(0) }
#if LEGACY_WORKERS > 1
  :: atomic { by == GO && at[me] == IDLE && FIRST_IDLE && !fence && posted[1] -> accept(1) }
#endif

  /* Service: what it accepted. Legacy: what was handed back, or held until its time. */
  :: atomic { by == GO && at[me] == IDLE && FIRST_IDLE && !fence && MAY_DISPATCH -> dispatchAs(GO) }
  :: atomic { by == LEGACY && !fence && MAY_DISPATCH ->
#if BUG == 7
       at[me] = SAW
#else
       dispatchAs(LEGACY)
#endif
     }
#if BUG == 7
  :: atomic { at[me] == SAW && tokens < ATTEMPTS -> dispatch(LEGACY); takePermit() }
#endif

  /* The attempt, in the process that made its token. */
  :: atomic { at[me] == LATE && !fence && MAY_STILL_RUN -> dispatch(by); at[me] = UNSURE }
  :: atomic { at[me] == LATE && !fence && (by == GO || state != NONE) -> leave() }
#if BUG == 10
  :: atomic { at[me] == LATE && tokens < ATTEMPTS -> tokens++; my = tokens; takePermit() }
#endif
  /* Asked again by the token. A row that has gone on gives no permit. */
  :: atomic { at[me] == UNSURE && !fence ->
       if
       :: token == my && (state == DISPATCHED || BUG == 21) -> takePermit()
       :: else -> leave()
       fi }
  :: atomic { by == LEGACY && at[me] == UNSURE && !fence && !calm -> at[me] = UNSPENT }
  /* The process knows that it never had a permit: what stands under its token was not sent. */
  :: atomic { at[me] == UNSPENT && !fence ->
       if :: OURS -> become(CLAIMED, holder) :: else fi;
       leave() }
  :: atomic { at[me] == HOLDS && !fence ->
       promise(2, committed[my]);
       request[my] = TRAVELLING; with[my] = ASKED; at[me] = ASKS }
  /* No byte left: no connection, or held up too long in this process. */
  :: atomic { at[me] == HOLDS && !fence ->
       request[my] = NEVER; with[my] = NOBODY;
       proveNotSent(); leave() }
  :: atomic { at[me] == ASKS && !fence && request[my] == TAKEN ->
       request[my] = TAKEN_OVER;
       if :: OURS -> become(SENT, holder) :: else fi;
#if BUG == 9
       if :: true :: state == SENT -> state = CLAIMED fi;
#endif
       leave() }
  :: atomic { at[me] == ASKS && !fence && request[my] == DENIED ->
       request[my] = NEVER;
       proveNotSent(); leave() }
  /* The deadline passes: no answer is no outcome. */
  :: atomic { at[me] == ASKS && !fence ->
       if :: token == my && state == DISPATCHED -> become(DOUBT, holder) :: else fi;
       leave() }
#if BUG == 19
  :: atomic { at[me] == ASKS && request[my] == TAKEN -> request[my] = TRAVELLING }
#endif
  /* kill -9 at any of these points. A legacy worker that died before it asked anything comes again. */
  :: atomic { at[me] != HOME && at[me] != IDLE && !calm && !fence -> leave() }
#ifdef RESTORE
  :: atomic { fence && at[me] != HOME && at[me] != IDLE -> leave() }
#endif
  od
}

inline execute(n) {
  sends++;
  promise(1, sends <= 1);
  promise(2, n == 0 || state == DISPATCHED || state == DOUBT || RESTORED_WRONGLY)
}

inline carry(n) {
  if
  :: atomic { request[n] == TRAVELLING ->
       request[n] = TAKEN;
       if
       :: n != 0 && replayOf == n && replay == TAKEN
       :: else -> execute(n)
       fi;
       if :: with[n] != ASKED -> nobodyReads(n) :: else fi }
  :: atomic { request[n] == TRAVELLING && !(replayOf == n && replay == TAKEN) ->
       request[n] = (with[n] == ASKED -> DENIED : NEVER) }
  :: atomic { request[n] == TRAVELLING -> request[n] = NEVER }
  fi
}

/* It takes, refuses or loses what arrives, whenever it arrives, and loses its answers. */
proctype Carrier() {
end:
  do
  :: carry(1)
  :: carry(2)
#if ATTEMPTS > 2
  :: carry(3)
#endif
#if BUG != 0
  :: carry(0)
#endif
  :: atomic { replay == TRAVELLING ->
       if
       :: replay = TAKEN;
          if
          :: request[replayOf] == TAKEN || request[replayOf] == TAKEN_OVER
          :: else -> execute(replayOf)
          fi
       :: replay = NEVER
       fi }
  od
}

#if LEGACY_WORKERS > 1
#define SOMEBODY_WILL_READ (at[0] == IDLE || at[1] == IDLE)
#else
#define SOMEBODY_WILL_READ (at[0] == IDLE)
#endif
proctype Mode() {
end:
  do
  /* Once both requests have read it, a flip changes nothing that is left. */
  :: atomic { flips < FLIPS && !calm && SOMEBODY_WILL_READ ->
       flips++;
       if :: mode != OFF -> mode = OFF :: mode != SHADOW -> mode = SHADOW :: mode != ON -> mode = ON fi }
  od
}

/* Reaper, receipts, look-ups, replays, operators, hand-back, expiry, settler. */
proctype Operations() {
end:
  do
#if BUG != 26
  :: atomic { state == DISPATCHED && !fence ->
#if BUG == 3
       state = CLAIMED
#else
       become(DOUBT, holder)
#endif
     }
#endif
  /* A receipt, or a look-up that finds it. */
  :: atomic { (state == DISPATCHED || state == DOUBT) && !fence && IT_HAPPENED -> become(SENT, holder) }
#if BUG == 5
  :: atomic { state == DOUBT && !IT_HAPPENED -> state = CLAIMED }
#endif
  :: atomic { state == DOUBT && holder == GO && !marked && token != 0 && replay == UNMADE && !fence && !calm ->
       replay = TRAVELLING; replayOf = token }
  /* A person who has the carrier's word, and knows of no process with the permit. */
  :: atomic { state == DOUBT && !fence && !IT_HAPPENED && (!IT_MAY_STILL_HAPPEN || BUG == 20) ->
       if :: true -> become(REFUSED, holder) :: true -> become(CLAIMED, holder) fi }
  :: atomic { (state == CLAIMED || (BUG == 6 && state == DISPATCHED)) && holder == GO && !fence ->
       become(CLAIMED, LEGACY);
       if :: BUG != 6 -> token = 0 :: else fi }
  :: atomic { state == CLAIMED && !fence -> become(VOID, NOBODY) }
#if BUG != 27
  :: atomic { entered && state == NONE && !fence -> become(VOID, NOBODY) }
#endif
#if BUG == 14
  :: atomic { state == SENT || state == REFUSED -> state = NONE; holder = NOBODY }
#endif
#if BUG == 16
  :: atomic { entered && request[0] == UNMADE -> request[0] = TRAVELLING }
#endif
#if BUG == 17
  :: atomic { state == CLAIMED && holder == GO && request[0] == UNMADE -> request[0] = TRAVELLING }
#endif
#if BUG == 23
  :: atomic { state == DISPATCHED -> state = CLAIMED; token = 0 }
#endif
  od
}

#ifdef RESTORE
/* An older state comes back. Fence: no process works, and what they were sent is gone; what they asked of the carrier is
 * not. Mark: whatever may have been dispatched since the copy is in doubt. Reconcile: Operations, by proof. */
inline bringBack() {
  state = oldState; holder = oldHolder; epoch = oldEpoch; token = oldToken;
  restored = true
}
inline mark() {
  if
  :: entered && (state == NONE || state == CLAIMED || state == DISPATCHED || state == DOUBT) ->
     if :: holder == NOBODY -> holder = LEGACY; epoch++ :: else fi;
     state = DOUBT; token = 0; marked = true
  :: else
  fi
}
inline waitUntilStopped() {
  for (n : 0 .. LEGACY_WORKERS + SERVICE_WORKERS - 1) { (at[n] == IDLE || at[n] == ENDED) }
}
proctype Restore() {
  byte n;
#if BUG == 24
  bool isMarked = false;
#endif
end:
  do
  :: atomic { !backedUp && !restored ->
       backedUp = true;
       oldState = state; oldHolder = holder; oldEpoch = epoch; oldToken = token }
#if BUG == 12 || BUG == 24
  :: atomic { backedUp && !restored -> bringBack() }
#if BUG == 24
  :: atomic { restored && !isMarked -> mark(); isMarked = true }
#endif
#else
  :: atomic { backedUp && !restored && !fence -> fence = true }
  :: fence ->
     waitUntilStopped();
     atomic {
       for (n : 0 .. LEGACY_WORKERS - 1) { posted[n] = false }
       n = 0;
       bringBack();
#if BUG != 25
       mark();
#endif
       fence = false;
       oldState = 0; oldHolder = 0; oldEpoch = 0; oldToken = 0
     }
#endif
  od
}
#endif

#ifdef LIVE
proctype Calm() { calm = true }
#define ENDED_WELL (state == SENT || state == REFUSED || state == VOID)
ltl drains { [] (calm -> <> ENDED_WELL) }
#endif

init {
  atomic {
    byte n;
    for (n : 0 .. LEGACY_WORKERS - 1) { run Worker(n, LEGACY) }
    for (n : LEGACY_WORKERS .. LEGACY_WORKERS + SERVICE_WORKERS - 1) { run Worker(n, GO) }
    run Carrier(); run Mode(); run Operations();
#ifdef RESTORE
    run Restore();
#endif
#ifdef LIVE
    run Calm();
#endif
    n = 0
  }
}
