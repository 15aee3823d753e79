"""Refusals: the honest “no” of a rule. Each states the case; its sentence stands in ``texts/said/refusals.toml``."""


class Refusal(Exception):
    """A rule says no. ``values`` fill the sentence of the same name; nothing was changed."""

    def __init__(self, **values: object) -> None:
        """Keep the values the sentence needs, such as ``number``."""
        super().__init__(type(self).__name__, values)
        self.values = values


class AlreadyTaken(Refusal):
    """Somebody else has taken this ticket."""


class NotYourTicket(Refusal):
    """This ticket is looked after by somebody else, or was reported by somebody else."""


class NoSuchTicket(Refusal):
    """There is no ticket of this number that this person may see."""


class NumberNeeded(Refusal):
    """The command needs a ticket number."""


class WordsNeeded(Refusal):
    """The command needs a few words, for example what was done."""


class AlreadyClosed(Refusal):
    """The ticket has come to its end."""


class NotYetSolved(Refusal):
    """Nobody has said that it is solved, so there is nothing to confirm or rate."""


class ConfirmFirst(Refusal):
    """Before it is rated somebody has to say whether it is solved."""


class AlreadyRated(Refusal):
    """A ticket is rated once."""


class AlreadyCounted(Refusal):
    """This person has said “我家也是” before, or is the reporter."""


class AlreadyAcknowledged(Refusal):
    """Another person has already answered this alert."""


class NotInvited(Refusal):
    """The invitation has gone to somebody else, or has passed on."""


class NotAllowed(Refusal):
    """The role of this person does not cover the command."""


class PrivateOnly(Refusal):
    """What is asked for must not be said in a group."""


class GroupUnknown(Refusal):
    """The group has not been registered for a grid."""


class GridUnclear(Refusal):
    """Somebody above several grids asks for something that belongs to one."""


class LeaderOnly(Refusal):
    """Only the grid leader decides this."""


class ReworkedTwice(Refusal):
    """A ticket is reopened at most twice; then it is supervised (挂牌督办)."""


class ExtendedOnce(Refusal):
    """A deadline is extended once, before it has passed."""


class HandedBackOnce(Refusal):
    """A ticket is handed back once; after that the grid leader has decided."""


class NoSuchMember(Refusal):
    """Nobody on the roster has this name."""


class WrongCode(Refusal):
    """A binding code that does not exist or has been used."""


class UnknownLink(Refusal):
    """A link that leads to no grid."""


class ButtonExpired(Refusal):
    """The button is older than the thing it belonged to."""


class NotForYou(Refusal):
    """The button was meant for somebody else."""


class UnknownChoice(Refusal):
    """The word behind the command is none of the choices."""


class NoSuchVisit(Refusal):
    """There is no visit of this number that this person looks after."""


class VisitSettled(Refusal):
    """This visit has already been recorded."""


class VisitElsewhen(Refusal):
    """The day that was said lies before the days of this visit."""


class NoteMedical(Refusal):
    """The note speaks of an illness; nothing of it is kept."""


class ConsentNeeded(Refusal):
    """Nobody has said that the person, or the guardian, wants to be visited."""


class VisitsRefused(Refusal):
    """The person has said that nobody shall come."""


class NoSuchHousehold(Refusal):
    """No door of this grid is called so, or none that is on the roster."""


class NoSuchRound(Refusal):
    """There is no such round in this grid, or it is over."""


class VisitsOff(Refusal):
    """Visits are not kept on this channel (its servers stand abroad), or not at all."""


class NoSuchNotice(Refusal):
    """There is no notice of this number in this person's grid."""


class NoticeSettled(Refusal):
    """The notice was sent or cancelled before."""


class UrgentOnce(Refusal):
    """What comes every week is no emergency."""


class NotThatDay(Refusal):
    """A rhythm has no occurrence on that day to leave out."""


class TooManyNotices(Refusal):
    """A group gets at most two unsolicited messages a day."""


class TimeUnclear(Refusal):
    """The time behind the command cannot be read."""


class TimePassed(Refusal):
    """The time behind the command is over."""


class TextTooLong(Refusal):
    """The text is longer than the channel or the rule allows."""


class SameCategory(Refusal):
    """The ticket is of this kind already."""


class NoSuchCategory(Refusal):
    """No category, or several, are called so."""


class NothingQuoted(Refusal):
    """The leader points at a message that is not there any more, or at none."""


class AlreadyTicket(Refusal):
    """The message has become (part of) a ticket before."""


class PlaceUnclear(Refusal):
    """A nickname needs a building of this grid that it means."""


class CannotPause(Refusal):
    """Only an ordinary matter somebody is working on waits for the resident; P0 and P1 never do."""


class PausedAlready(Refusal):
    """The ticket waits for the resident already."""


class NotPaused(Refusal):
    """The ticket waits for nobody."""


class NothingToPromise(Refusal):
    """No reminder has come for this ticket, so there is none to move."""


class PromisedBefore(Refusal):
    """A promise moves the reminder once."""


class PromiseTooFar(Refusal):
    """The promised day is over, or further away than a promise reaches."""


class WhistledAlready(Refusal):
    """Units are being called for this ticket already."""


class NotWhistled(Refusal):
    """No unit has been called for this ticket."""


class WhistleUnconfirmed(Refusal):
    """The street has not agreed to call the units yet."""


class StreetOnly(Refusal):
    """Only the street office (where there is none on the roster, the secretary) decides this."""


class SupervisedAlready(Refusal):
    """The ticket stands on the list already."""


class NotSupervised(Refusal):
    """The ticket does not stand on the list of supervised cases."""


class StruckByHandler(Refusal):
    """销号 is for somebody else than the handler."""


class NotConfirmed(Refusal):
    """The resident has not said that it is solved, so it stays on the list."""


class NoSuchCover(Refusal):
    """There is no request to stand in of this number that this person was asked or may decide."""


class CoverTaken(Refusal):
    """Somebody else was faster to stand in."""


class CoverOver(Refusal):
    """The leave is over, so nobody has to stand in."""


class OnLeave(Refusal):
    """Nobody on leave is asked for anything."""


class NotReachable(Refusal):
    """This member has never opened a private chat."""


class NobodyThere(Refusal):
    """Nobody at all belongs to this grid."""


class NoSuchPlace(Refusal):
    """The place behind the command is none of this grid."""


class Avoids(Refusal):
    """This member has nothing to do with a place (回避), so nobody asks him about it."""


class SwapUnclear(Refusal):
    """With whom, or which places, cannot be read."""


class SwapOver(Refusal):
    """The request to exchange was answered, taken back, or the pairings have changed meanwhile."""
