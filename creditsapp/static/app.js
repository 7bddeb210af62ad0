// Runtime: Stimulus's attribute conventions, as far as these pages need them.

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const ACTION = /^(?:([\w:]+)(?:@(window|document))?->)?([\w-]+)#(\w+)$/

class Controller {
  static targets = []
  static values = {}

  constructor(element, name) {
    this.element = element
    this.name = name
    for (const target of this.constructor.targets) {
      const selector = `[data-${name}-target~="${target}"]`
      const all = () => [...element.querySelectorAll(selector)]
      Object.defineProperty(this, `${target}Targets`, { get: all })
      Object.defineProperty(this, `${target}Target`, { get: () => all()[0] })
    }
    for (const [value, type] of Object.entries(this.constructor.values)) {
      const attribute = `data-${name}-${kebab(value)}-value`
      Object.defineProperty(this, `${value}Value`, {
        get: () => type(element.getAttribute(attribute) ?? ""),
        set: (to) => element.setAttribute(attribute, to),
      })
    }
  }

  connect() {}

  dispatch(event, detail = {}) {
    const type = `${this.name}:${event}`
    this.element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }))
  }
}

function start(classes) {
  const connected = new Map()
  for (const element of document.querySelectorAll("[data-controller]")) {
    for (const name of element.dataset.controller.split(/\s+/)) {
      const key = connected.get(element) ?? {}
      connected.set(element, { ...key, [name]: new classes[name](element, name) })
    }
  }
  for (const element of document.querySelectorAll("[data-action]")) {
    for (const action of element.dataset.action.trim().split(/\s+/)) {
      const [, event = "click", where, name, method] = ACTION.exec(action)
      const controller = connected.get(element.closest(`[data-controller~="${name}"]`))[name]
      const target = { window, document }[where] ?? element
      target.addEventListener(event, (happened) => controller[method](happened))
    }
  }
  for (const controllers of connected.values()) {
    for (const controller of Object.values(controllers)) controller.connect()
  }
}

// What controllers share: numbers written as the server writes them, and slots to put them in.

const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 4 })
const number = (value) => digits.format(value).replace("-", "\u2212")

// Put data where `data-fill` names it; the slot's other attributes say how it is shown.
function fill(root, data) {
  for (const slot of root.querySelectorAll("[data-fill]")) {
    const { fill: key, minus = 0, times = 1, divide, upwards, above, before = "", one, many, word } = slot.dataset
    if (!(key in data)) continue
    let value = data[key]
    if (typeof value === "number") {
      value = Math.round((value - minus) * times * 1e4) / 1e4
      if (upwards) value = Math.ceil(value / divide / upwards - 1e-9) * upwards
      else if (divide) value = Math.max(0, Math.floor(value / divide + 1e-9))
      if (above) slot.hidden = value <= above
    }
    if (slot.matches("input")) setInput(slot, value)
    else slot.textContent = before + [number(value), value === 1 ? one : many, word].filter(Boolean).join(" ")
  }
}

function setInput(input, value) {
  input.value = input.max ? Math.max(input.min, Math.min(value, input.max)) : value
  input.dispatchEvent(new Event("input", { bubbles: true }))
}

function announce(text) {
  document.getElementById("status").textContent = text
}

// Controllers

let balance = null

class Balance extends Controller {
  static targets = ["stale"]
  static values = { url: String, channel: String, version: Number, balance: Number, held: Number, low: Number }
  #channel = null
  #etag = null
  #release = null
  #stopped = false

  connect() {
    balance = this
    this.#channel = new BroadcastChannel(this.channelValue)
    this.#channel.onmessage = ({ data }) => this.show(data)
    this.#channel.postMessage(this.current)
    if (!document.hidden) this.#poll()
  }

  get current() {
    const [balance, held] = [this.balanceValue, this.heldValue]
    return { balance, held, available: balance - held, version: this.versionValue }
  }

  show(found) {
    if (found.version < this.versionValue) return
    this.versionValue = found.version
    this.balanceValue = found.balance
    this.heldValue = found.held
    const { available } = this.current
    this.element.dataset.state = available <= 0 ? "empty" : available < this.lowValue ? "low" : "normal"
    fill(this.element, this.current)
    this.dispatch("changed", this.current)
  }

  async refresh() {
    if (this.#stopped) return
    let fresh = false
    try {
      const headers = this.#etag ? { "If-None-Match": this.#etag } : {}
      const signal = AbortSignal.timeout(10_000)
      const response = await fetch(this.urlValue, { headers, signal, cache: "no-store" })
      fresh = response.ok || response.status === 304
      if (response.status === 401) this.#stop()
      if (response.ok) {
        const found = await response.json()
        this.#etag = response.headers.get("ETag")
        this.show(found)
        this.#channel.postMessage(found)
      }
    } catch {
      fresh = false
    }
    this.staleTarget.hidden = fresh
  }

  watch() {
    this.#release?.()
    if (document.hidden || this.#stopped) return
    this.refresh()
    this.#poll()
  }

  restored({ persisted }) {
    if (persisted) this.watch()
  }

  // One tab asks for all: it keeps the lock for as long as it is looked at.
  #poll() {
    const gone = new AbortController()
    const ask = () =>
      new Promise((done) => {
        const timer = setInterval(() => this.refresh(), 60_000)
        gone.signal.addEventListener("abort", () => done(clearInterval(timer)))
      })
    this.#release = () => gone.abort()
    if (!navigator.locks) ask()
    else navigator.locks.request(this.channelValue, { signal: gone.signal }, ask).catch(() => {})
  }

  #stop() {
    this.#stopped = true
    this.#release?.()
  }
}

class Remote extends Controller {
  static targets = ["problems", "template", "field"]
  static values = { url: String, key: String, omit: String, cost: Number, done: String, lost: String }

  async send(event) {
    event.preventDefault()
    const { available, ...known } = balance.current
    const [required, missing] = [this.costValue, this.costValue - available]
    this.#show({})
    if (missing > 0) return this.#refuse({ ...known, available, required, missing })
    await this.#post().catch(() => this.#show({ "": this.lostValue }))
    this.dispatch("settled")
  }

  // Another wish is not the one whose answer was lost, so it goes by another key.
  renew() {
    this.keyValue = crypto.getRandomValues(new Uint32Array(4)).join("-")
  }

  async #post() {
    const token = document.querySelector("meta[name=csrf-token]").content
    const headers = { "X-CSRFToken": token, "Idempotency-Key": this.keyValue }
    const response = await fetch(this.urlValue, { method: "POST", body: this.#data, headers })
    const answer = await response.json()
    if (response.status === 402) return this.#refuse(answer)
    if (!response.ok) return this.#show(answer.fields ?? { "": answer.message })
    announce(this.doneValue.replace(/\{(\w+)\}/g, (_, key) => number(answer[key])))
    if (!response.headers.has("Idempotency-Replayed")) {
      balance.show({ ...balance.current, balance: answer.creditsRemaining })
    }
    await balance.refresh()
    this.renew()
    this.dispatch("done")
    location.assign(answer.resultUrl)
  }

  get #data() {
    const data = new FormData(this.element)
    for (const name of this.omitValue.split(" ")) data.delete(name)
    return data
  }

  #refuse(detail) {
    const query = new URLSearchParams()
    const next = () => `${this.element.getAttribute("action")}?${query}`
    for (const [name, value] of this.#data) {
      if (typeof value === "string" && value) query.set(name, value)
      if (next().length > 500) query.delete(name)
    }
    this.dispatch("settled")
    this.dispatch("refused", { ...detail, next: next() })
  }

  #show(problems) {
    for (const field of this.fieldTargets) {
      const reason = problems[field.dataset.field]
      const error = field.querySelector(".field-error")
      error.hidden = !reason
      error.lastElementChild.textContent = reason ?? ""
      field.parentElement.querySelector(`[aria-describedby~="${error.id}"]`).ariaInvalid = Boolean(reason)
    }
    const summary = this.templateTarget.content.cloneNode(true)
    for (const [name, reason] of Object.entries(problems)) {
      const item = summary.querySelector("ul").appendChild(document.createElement("li"))
      const words = item.appendChild(document.createElement(name ? "a" : "span"))
      words.textContent = reason
      if (name) words.href = `#field-${name}`
    }
    this.problemsTarget.replaceChildren(...(Object.keys(problems).length ? [summary] : []))
    this.problemsTarget.firstElementChild?.focus()
  }
}

class Dialog extends Controller {
  static targets = ["dialog"]

  open({ detail }) {
    fill(this.dialogTarget, detail)
    this.dialogTarget.showModal()
  }

  close() {
    this.dialogTarget.close()
  }
}

class Busy extends Controller {
  static targets = ["button", "idle", "busy"]

  start(event) {
    if (this.buttonTarget.ariaBusy !== "true") return this.#set(true)
    event.preventDefault()
    event.stopImmediatePropagation()
  }

  stop() {
    this.#set(false)
  }

  #set(busy) {
    this.buttonTarget.ariaBusy = busy
    this.idleTarget.hidden = busy
    this.busyTarget.hidden = !busy
  }
}

class Draft extends Controller {
  static targets = ["text"]
  static values = { name: String }

  connect() {
    this.#each((text, key) => (text.value ||= sessionStorage.getItem(key) ?? ""))
  }

  keep() {
    this.#each((text, key) => sessionStorage.setItem(key, text.value))
  }

  drop() {
    this.#each((text, key) => sessionStorage.removeItem(key))
  }

  #each(act) {
    for (const text of this.textTargets) act(text, `${this.nameValue}-${text.name}`)
  }
}

class Amount extends Controller {
  static targets = ["number", "range", "reveal", "preset", "tier"]

  connect() {
    for (const target of this.revealTargets) target.hidden = false
    this.show({})
  }

  preset({ currentTarget }) {
    setInput(this.numberTarget, currentTarget.value)
  }

  show({ target }) {
    const [chosen, range] = [this.numberTarget, this.rangeTarget]
    if (range && target === range) chosen.value = range.value
    if (!chosen.validity.valid) return
    const dollars = chosen.valueAsNumber
    if (range) range.value = dollars
    fill(this.element, { dollars })
    for (const each of this.presetTargets) each.ariaPressed = each.value === chosen.value
    const tier = this.tierTargets.findLast((each) => each.dataset.from <= dollars)
    for (const each of this.tierTargets) each.hidden = each !== tier
  }
}

class Poll extends Controller {
  static targets = ["outcome"]
  static values = { url: String, delays: String, slow: String }

  async connect() {
    for (const seconds of this.delaysValue.split(" ")) {
      await new Promise((done) => setTimeout(done, seconds * 1000))
      const response = await fetch(this.urlValue, { cache: "no-store" }).catch(() => null)
      const found = response?.ok ? await response.json() : {}
      if (this.#show(found.status, found)) return
    }
    this.#show(this.slowValue, {})
  }

  #show(status, found) {
    const outcome = this.outcomeTargets.find((each) => each.dataset.statuses.includes(status))
    if (!outcome?.hidden) return false
    fill(outcome, found)
    for (const each of this.outcomeTargets) each.hidden = each !== outcome
    announce(outcome.querySelector("h2").textContent)
    balance.refresh()
    return true
  }
}

class Follow extends Controller {
  update({ detail }) {
    fill(this.element, detail)
  }
}

class LocalTime extends Controller {
  static #format = new Intl.DateTimeFormat("en-GB", {
    day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  })

  connect() {
    this.element.title = this.element.textContent
    this.element.textContent = LocalTime.#format.format(new Date(this.element.dateTime))
  }
}

class Zone extends Controller {
  static values = { cookie: String }

  connect() {
    const kept = `${this.cookieValue}=${Intl.DateTimeFormat().resolvedOptions().timeZone}`
    if (document.cookie.split("; ").includes(kept)) return
    document.cookie = `${kept}; path=/; max-age=31536000; samesite=lax`
  }
}

class Print extends Controller {
  connect() {
    this.element.hidden = false
  }

  print() {
    window.print()
  }
}

start({
  balance: Balance, remote: Remote, dialog: Dialog, busy: Busy, draft: Draft, amount: Amount,
  poll: Poll, follow: Follow, "local-time": LocalTime, zone: Zone, print: Print,
})
