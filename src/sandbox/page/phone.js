const POLL_MS = 1000
const POLL_TIMEOUT_MS = 5000
const byId = (id) => document.getElementById(id)
const template = byId('message').content.firstElementChild
const clock = (iso) => new Date(iso).toLocaleTimeString()
// Texts come from anybody: they only ever enter the page as text nodes.
const fill = (root, selector, text) => {
  root.querySelector(selector).textContent = text
}

function bubbleOf(message) {
  const item = template.cloneNode(true)
  item.dataset.id = message.provider_message_id
  fill(item, '.to', message.from === null ? message.to : `${message.from} → ${message.to}`)
  fill(item, '.body', message.body)
  fill(item, '.reference', message.reference ?? 'no message_uuid')
  const time = item.querySelector('time')
  time.dateTime = message.at
  time.textContent = clock(message.at)
  const input = item.querySelector('input')
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter' && input.value.trim() !== '') void replyTo(message, item, input)
  })
  return item
}

// What the owner of the phone writes back; the account's program hears of it as it would from a carrier.
async function replyTo({ account, to, from }, item, input) {
  const body = input.value
  input.value = ''
  fill(item, '.answered', '…')
  try {
    const answer = await fetch('/replies', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account, from: to, to: from, body }),
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    })
    if (!answer.ok) throw new Error(`POST /replies: ${answer.status}`)
    fill(item, '.answered', `replied: ${body}`)
  } catch {
    input.value = body
    fill(item, '.answered', 'not taken')
  }
}

// Keeps the bubbles that stay, so a reader's selection and place survive an update.
function showThread(thread, messages) {
  const present = new Map(Array.from(thread.children, (item) => [item.dataset.id, item]))
  const items = messages.toReversed().map((message) => {
    const item = present.get(message.provider_message_id) ?? bubbleOf(message)
    item.classList.toggle('duplicate', message.duplicate)
    return item
  })
  const unchanged =
    items.length === thread.children.length && items.every((item, index) => item === thread.children[index])
  if (!unchanged) thread.replaceChildren(...items)
}

function faultChips(faults) {
  return Object.entries(faults)
    .filter(([, value]) => value !== false && value !== 0)
    .map(([name, value]) => {
      const chip = document.createElement('span')
      chip.textContent = value === true ? name : `${name} ${value}`
      return chip
    })
}

function showPhone(phone, { sent, messages }, faults) {
  fill(phone, '.count', `${sent.toLocaleString()} sent`)
  phone.querySelector('.empty').hidden = messages.length > 0
  phone.querySelector('.faults').replaceChildren(...faultChips(faults))
  showThread(phone.querySelector('.thread'), messages)
}

function showDuplicates({ count, among, latest }) {
  byId('duplicates').textContent = count.toLocaleString()
  byId('duplicates-box').className = count > 0 ? 'bad' : 'good'
  byId('alarm').hidden = count === 0
  byId('alarm-list').replaceChildren(
    ...latest.toReversed().map((entry) => {
      const item = document.createElement('li')
      item.textContent = `${entry.reference}  again at ${clock(entry.at)} by ${entry.account}`
      return item
    }),
  )
  byId('note').textContent = `A repeated message_uuid is noticed among the latest ${among.toLocaleString()}.`
}

function show(view) {
  let sent = 0
  for (const phone of document.querySelectorAll('.phone')) {
    const { account } = phone.dataset
    sent += view.accounts[account].sent
    showPhone(phone, view.accounts[account], view.faults[account])
  }
  byId('sent').textContent = sent.toLocaleString()
  showDuplicates(view.duplicates)
}

async function poll() {
  const health = byId('health')
  try {
    const answer = await fetch('/latest', { signal: AbortSignal.timeout(POLL_TIMEOUT_MS) })
    if (!answer.ok) throw new Error(`GET /latest: ${answer.status}`)
    show(await answer.json())
    health.textContent = 'live'
    health.className = 'good'
  } catch {
    health.textContent = 'away'
    health.className = 'away'
  }
  setTimeout(() => void poll(), POLL_MS)
}
void poll()
