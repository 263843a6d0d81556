/** The members and, where this node takes part in governing, what they vote on, and this member's own key. */
import { parseAnswer, sendForJson } from '@salus/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { z } from 'zod'
import { type Network, useNetwork } from '../../api/network.ts'
import { staffJson, staffText } from '../../api/staff.ts'
import { useFormats } from '../../i18n/format.ts'
import { messages, useMessages } from '../../i18n/language.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/feedback.tsx'
import { Card, Cluster, Facts, Grid, List, PageHeader, Row, Section, Stack } from '../../ui/layout.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { useToast } from '../../ui/toast.tsx'
import styles from '../staff.module.css'
import { SensitiveError } from '../step-up.tsx'

const texts = messages({
  en: {
    title: 'Members',
    lead: 'Who keeps records in this network, as the ledger has it.',
    here: 'This node',
    active: 'Active',
    suspended: 'Suspended',
    votes: 'Votes',
    noVotes: 'Nothing to vote on',
    admit: (name: string) => `Admit ${name}`,
    suspend: (name: string) => `Suspend ${name}`,
    reinstate: (name: string) => `Reinstate ${name}`,
    'protocol-version': (version: string) => `Protocol version ${version}`,
    proposed: (name: string, until: string) => `Proposed by ${name}, open until ${until}`,
    for: 'For',
    against: 'Against',
    approve: 'Approve',
    reject: 'Reject',
    proposeSuspend: 'Propose to suspend',
    proposeReinstate: 'Propose to reinstate',
    proposeText: (name: string) => `The members vote on this. Proposing counts as your vote for it: ${name}.`,
    propose: 'Propose',
    keys: 'Ledger key',
    rotate: 'Replace the key',
    rotateText:
      'This member signs with a new key from the next block on; the old one ends at once. Old signatures stay valid.',
    rotated: 'The key was replaced',
  },
  de: {
    title: 'Mitglieder',
    lead: 'Wer in diesem Netz Akten führt, wie es im Register steht.',
    here: 'Dieser Knoten',
    active: 'Aktiv',
    suspended: 'Ausgesetzt',
    votes: 'Abstimmungen',
    noVotes: 'Nichts abzustimmen',
    admit: (name: string) => `${name} aufnehmen`,
    suspend: (name: string) => `${name} aussetzen`,
    reinstate: (name: string) => `${name} wieder zulassen`,
    'protocol-version': (version: string) => `Protokollversion ${version}`,
    proposed: (name: string, until: string) => `Vorgeschlagen von ${name}, offen bis ${until}`,
    for: 'Dafür',
    against: 'Dagegen',
    approve: 'Zustimmen',
    reject: 'Ablehnen',
    proposeSuspend: 'Aussetzen vorschlagen',
    proposeReinstate: 'Wiederzulassung vorschlagen',
    proposeText: (name: string) => `Die Mitglieder stimmen darüber ab. Der Vorschlag zählt als Ihre Stimme: ${name}.`,
    propose: 'Vorschlagen',
    keys: 'Schlüssel im Register',
    rotate: 'Schlüssel ersetzen',
    rotateText:
      'Dieses Mitglied unterschreibt ab dem nächsten Block mit einem neuen Schlüssel; der alte endet sofort. Alte Unterschriften bleiben gültig.',
    rotated: 'Der Schlüssel wurde ersetzt',
  },
})

const Proposals = z.object({
  proposals: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      action: z.looseObject({ kind: z.enum(['admit', 'suspend', 'reinstate', 'protocol-version']) }),
      proposer: z.string(),
      proposedAt: z.string(),
      expiresAt: z.string(),
      ballots: z.array(z.object({ member: z.string(), approve: z.boolean() })),
    }),
  ),
})
type Proposal = z.infer<typeof Proposals>['proposals'][number]
const Members = z.object({
  members: z.array(
    z.object({ id: z.string(), name: z.string(), handle: z.string(), url: z.string(), status: z.string() }),
  ),
})

const PROPOSALS_EVERY_MS = 5000
const Docs = z.object({ paths: z.record(z.string(), z.unknown()) })

/** Whether this node takes part in governing: its description of itself says so. */
function useGoverns(): boolean {
  const { data } = useQuery({
    queryKey: ['docs'],
    queryFn: async () => Object.keys(parseAnswer(Docs, await sendForJson(`${location.origin}/docs`)).paths),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return data?.includes('/admin/proposals') ?? false
}

export default function MembersPage(): ReactNode {
  const t = useMessages(texts)
  const network = useNetwork()
  const governs = useGoverns()
  const governed = useQuery({
    queryKey: ['staff', 'members'],
    queryFn: () => staffJson(Members, '/admin/members'),
    enabled: governs,
  })
  const proposals = useQuery({
    queryKey: ['staff', 'proposals'],
    queryFn: () => staffJson(Proposals, '/admin/proposals'),
    enabled: governs,
    refetchInterval: PROPOSALS_EVERY_MS,
  })
  const [about, setAbout] = useState<{ id: string; name: string; status: string } | null>(null)
  const members = governed.data?.members ?? network.members
  const canPropose = proposals.data !== undefined
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} />
      {governed.isError && <ErrorNotice error={governed.error} />}
      <Section>
        <List label={t.title}>
          {members.map((member) => {
            const isActive = member.status === 'active'
            return (
              <Row
                key={member.id}
                icon="hospital"
                tone={isActive ? 'brand' : 'danger'}
                title={member.name}
                detail={member.url}
                trailing={
                  <Badge tone={isActive ? 'brand' : 'danger'}>
                    {member.id === network.own ? t.here : isActive ? t.active : t.suspended}
                  </Badge>
                }
                {...(canPropose && member.id !== network.own ? { onClick: () => setAbout(member) } : {})}
              />
            )
          })}
        </List>
      </Section>
      {canPropose && <Votes proposals={proposals.data.proposals} network={network} />}
      {canPropose && <OwnKey />}
      {about !== null && <ProposeSheet member={about} onClose={() => setAbout(null)} />}
    </>
  )
}

function Votes({
  proposals,
  network,
}: {
  readonly proposals: readonly Proposal[]
  readonly network: Network
}): ReactNode {
  const t = useMessages(texts)
  const f = useFormats()
  const queries = useQueryClient()
  const nameOf = (id: unknown): string => network.byId(String(id))?.name ?? String(id)
  const vote = useMutation({
    mutationFn: ({ id, approve }: { id: string; approve: boolean }) =>
      staffText(`/admin/proposals/${id}/vote`, { method: 'POST', body: { approve } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['staff', 'proposals'] }),
  })
  const titleOf = ({ action }: Proposal): string => {
    if (action.kind === 'admit') return t.admit(String(action.name))
    if (action.kind === 'protocol-version') return t['protocol-version'](String(action.version))
    return t[action.kind](nameOf(action.memberId))
  }
  return (
    <Section title={t.votes}>
      {vote.isError && (
        <SensitiveError error={vote.error} retry={() => vote.variables && vote.mutate(vote.variables)} />
      )}
      {proposals.length === 0 && <p className={styles.muted}>{t.noVotes}</p>}
      <Grid wide>
        {proposals.map((proposal) => {
          const { id, status, proposer, expiresAt, ballots } = proposal
          const isOpen = status === 'open' && !ballots.some(({ member }) => member === network.own)
          const names = (approve: boolean): string =>
            ballots
              .filter((ballot) => ballot.approve === approve)
              .map(({ member }) => nameOf(member))
              .join(', ') || '–'
          return (
            <Card key={id}>
              <Stack>
                <div>
                  <h3>{titleOf(proposal)}</h3>
                  <p className={styles.muted}>{t.proposed(nameOf(proposer), f.dateTime(expiresAt))}</p>
                </div>
                <Badge tone={status === 'open' ? 'info' : 'neutral'}>{status}</Badge>
                <Facts
                  facts={[
                    [t.for, names(true)],
                    [t.against, names(false)],
                  ]}
                />
                {isOpen && (
                  <Cluster>
                    <Button icon="check" busy={vote.isPending} onClick={() => vote.mutate({ id, approve: true })}>
                      {t.approve}
                    </Button>
                    <Button look="plain" busy={vote.isPending} onClick={() => vote.mutate({ id, approve: false })}>
                      {t.reject}
                    </Button>
                  </Cluster>
                )}
              </Stack>
            </Card>
          )
        })}
      </Grid>
    </Section>
  )
}

function OwnKey(): ReactNode {
  const t = useMessages(texts)
  const say = useToast()
  const rotate = useMutation({
    mutationFn: () => staffText('/admin/keys/rotate', { method: 'POST', body: {} }),
    onSuccess: () => say(t.rotated, 'key'),
  })
  return (
    <Section title={t.keys}>
      <Card>
        <Stack>
          <p>{t.rotateText}</p>
          {rotate.isError && <SensitiveError error={rotate.error} retry={() => rotate.mutate()} />}
          <div>
            <Button icon="key" busy={rotate.isPending} onClick={() => rotate.mutate()}>
              {t.rotate}
            </Button>
          </div>
        </Stack>
      </Card>
    </Section>
  )
}

function ProposeSheet({
  member,
  onClose,
}: {
  readonly member: { readonly id: string; readonly name: string; readonly status: string }
  readonly onClose: () => void
}): ReactNode {
  const t = useMessages(texts)
  const queries = useQueryClient()
  const kind = member.status === 'active' ? 'suspend' : 'reinstate'
  const propose = useMutation({
    mutationFn: () => staffText('/admin/proposals', { method: 'POST', body: { kind, memberId: member.id } }),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: ['staff', 'proposals'] })
      onClose()
    },
  })
  return (
    <Sheet
      title={kind === 'suspend' ? t.proposeSuspend : t.proposeReinstate}
      onClose={onClose}
      actions={
        <Button look="primary" wide icon="vote" busy={propose.isPending} onClick={() => propose.mutate()}>
          {t.propose}
        </Button>
      }
    >
      <Stack>
        <p>{t.proposeText(member.name)}</p>
        {propose.isError && <SensitiveError error={propose.error} retry={() => propose.mutate()} />}
      </Stack>
    </Sheet>
  )
}
