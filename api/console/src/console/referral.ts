/** The referral of one patient as a conversation: who was asked, what was answered, SITEGAR's part, in order. */
import type { Case, DeskRequest, Offer, Patient } from "../shared/shapes";

export type Turn = { at: string; offer: Offer; request?: never } | { at: string; request: DeskRequest; offer?: never };

export function conversation(one: Case, patient: Patient): Turn[] {
  const turns: Turn[] = [
    ...one.offers.filter((offer) => offer.patient === patient.id).map((offer) => ({ at: offer.asked_at, offer })),
    ...one.desk.filter((request) => request.patient === patient.id).map((request) => ({ at: request.asked_at, request })),
  ];
  return turns.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
