// Runtime: Stimulus's attribute conventions, as far as these pages need them (names of one word).

class Controller {
  static targets = []
  static values = {}

  constructor(element, name) {
    this.element = element
    this.name = name
    for (const target of this.constructor.targets) {
      const all = () => [...element.querySelectorAll(`[data-${name}-target~="${target}"]`)]
      Object.defineProperty(this, `${target}Targets`, { get: all })
      Object.defineProperty(this, `${target}Target`, { get: () => all()[0] })
    }
    for (const [value, type] of Object.entries(this.constructor.values)) {
      Object.defineProperty(this, `${value}Value`, {
        get: () => type(element.getAttribute(`data-${name}-${value}-value`) ?? ""),
        set: (to) => element.setAttribute(`data-${name}-${value}-value`, to),
      })
    }
  }

  connect() {}

  dispatch(event, detail = {}) {
    const type = `${this.name}:${event}`
    this.element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }))
  }
}

// What one of them cannot do must not keep the others from working.
function connected(controller) {
  try {
    controller.connect()
  } catch (error) {
    console.error(error)
  }
}

function start(classes) {
  const owners = new Map()
  for (const element of document.querySelectorAll("[data-controller]")) {
    const made = {}
    const names = element.dataset.controller.split(" ")
    for (const name of names) made[name] = new classes[name](element, name)
    owners.set(element, made)
  }
  for (const element of document.querySelectorAll("[data-action]")) {
    const actions = element.dataset.action.matchAll(/(?:([\w:]+)(?:@(\w+))?->)?([\w-]+)#(\w+)/g)
    for (const [, event = "click", where, name, method] of actions) {
      const controller = owners.get(element.closest(`[data-controller~="${name}"]`))[name]
      const target = { window, document }[where] ?? element
      target.addEventListener(event, (happened) => controller[method](happened))
    }
  }
  for (const made of owners.values()) Object.values(made).forEach(connected)
}

// What controllers share: numbers written as the server writes them, and slots to put them in.

const language = document.documentElement.lang
const plurals = new Intl.PluralRules(language)
const exact = (value) => Math.round(value * 1e4) / 1e4
const ask = (url, headers = {}) =>
  fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(10_000) }).catch(() => null)
const announce = (text) => (document.getElementById("status").textContent = text)
let balance = null

function number(value, currency) {
  const style = currency ? { style: "currency", currency } : {}
  const options = { ...style, maximumFractionDigits: currency ? 0 : 4 }
  return new Intl.NumberFormat(language, options).format(value).replace("-", "\u2212")
}

// Put data where `data-fill` names it; the slot's other attributes say how it is shown.
function fill(root, data) {
  for (const slot of root.querySelectorAll("[data-fill]")) {
    const { fill: key, minus = 0, times = 1, less = 0, most = Infinity, other } = slot.dataset
    const { divide, upwards, above, currency } = slot.dataset
    if (!(key in data)) continue
    let value = data[key]
    if (typeof value === "number") value = Math.min(exact((value - minus) * times - less), most)
    if (upwards) value = Math.ceil(value / divide / upwards - 1e-9) * upwards
    else if (divide) value = Math.max(0, Math.floor(value / divide + 1e-9))
    if (above) slot.hidden = value <= above
    if (slot.matches("input")) setInput(slot, value)
    else if (other) slot.textContent = text(slot.dataset, value).replace("{n}", number(value, currency))
  }
}

function fileSize(bytes) {
  const [unit, one] = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e5]
  const size = Math.ceil(bytes / one) / (unit === "megabyte" ? 10 : 1)
  return new Intl.NumberFormat(language, { style: "unit", unit }).format(size)
}

// The text in the plural form that a number needs.
const text = (forms, value) => forms[plurals.select(value)] ?? forms.other

function setInput(input, value) {
  input.value = input.max ? Math.max(input.min, Math.min(value, input.max)) : value
  input.dispatchEvent(new Event("input", { bubbles: true }))
}

// Controllers

class Balance extends Controller {
  static targets = ["stale"]
  static values = {
    url: String, channel: String, version: Number, balance: Number, held: Number, low: Number,
  }
  #release = () => {}

  connect() {
    balance = this
    this.at = performance.timeOrigin
    this.channel = new BroadcastChannel(this.channelValue)
    this.channel.onmessage = ({ data }) => this.show(data)
    this.channel.postMessage(this.current)
    if (!document.hidden) this.#poll()
  }

  get current() {
    const [all, held, version] = [this.balanceValue, this.heldValue, this.versionValue]
    return { balance: all, held, available: exact(all - held), version, at: this.at }
  }

  // Postings move the version; what is reserved between them is told apart by when it was asked.
  show(found) {
    const older = found.version === this.versionValue && found.at < this.at
    if (found.version < this.versionValue || older) return
    this.at = found.at
    for (const key of ["version", "balance", "held"]) this[`${key}Value`] = found[key]
    const { available } = this.current
    const state = available < this.lowValue ? "low" : "normal"
    this.element.dataset.state = available <= 0 ? "empty" : state
    fill(document, this.current)
  }

  async refresh() {
    if (this.stopped) return
    const headers = this.etag ? { "If-None-Match": this.etag } : {}
    const at = Date.now()
    const response = await ask(this.urlValue, headers)
    const answer = response?.ok && (await response.json().catch(() => null))
    this.staleTarget.hidden = Boolean(answer) || response?.status === 304
    if (answer) {
      const found = { ...answer, at }
      this.etag = response.headers.get("ETag")
      this.show(found)
      this.channel.postMessage(found)
    }
    this.stopped = response?.status === 401
    if (this.stopped) this.#release()
  }

  watch(event) {
    if (event.type === "pageshow" && !event.persisted) return
    this.#release()
    if (document.hidden || this.stopped) return
    this.refresh()
    this.#poll()
  }

  // One tab asks for all: it keeps the lock for as long as it is looked at.
  #poll() {
    const gone = new AbortController()
    this.#release = () => gone.abort()
    const watch = () =>
      new Promise((done) => {
        const timer = setInterval(() => this.refresh(), 60_000)
        gone.signal.addEventListener("abort", () => done(clearInterval(timer)))
      })
    if (!navigator.locks) watch()
    else navigator.locks.request(this.channelValue, { signal: gone.signal }, watch).catch(() => {})
  }
}

class Remote extends Controller {
  static targets = ["notice", "message", "error"]
  static values = {
    url: String, key: String, omit: String, cost: Number, done: String, lost: String,
  }

  async send(event) {
    event.preventDefault()
    this.#show("")
    const required = this.costValue // 0: only the server knows what it costs
    if (required > balance.current.available) await balance.refresh()
    const known = balance.current
    const missing = exact(required - known.available)
    if (required && missing > 0) return this.#refuse({ ...known, required, missing })
    await this.#post().catch(() => this.#fail(this.lostValue))
  }

  // Another wish is not the one whose answer was lost, so it goes by another key; but not while
  // that one is under way.
  renew() {
    if (this.element.ariaBusy !== "true") this.#anew()
  }

  #anew() {
    this.keyValue = crypto.getRandomValues(new Uint32Array(4)).join("-")
  }

  async #post() {
    const token = document.querySelector("meta[name=csrf-token]").content
    const headers = { "X-CSRFToken": token, "Idempotency-Key": this.keyValue }
    const response = await fetch(this.urlValue, { method: "POST", body: this.#data, headers })
    const answer = await response.json()
    if (response.status === 402) return this.#refuse(answer)
    if (response.status === 401) return location.assign(this.element.getAttribute("action"))
    if (!response.ok) return this.#fail(answer.message, answer.fields)
    announce(this.doneValue.replace(/\{(\w+)\}/g, (_, key) => number(answer[key])))
    if (!response.headers.has("Idempotency-Replayed")) {
      balance.show({ ...balance.current, balance: answer.creditsRemaining })
    }
    await balance.refresh()
    this.#anew()
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

  #fail(message, fields = {}) {
    this.dispatch("settled")
    this.#show([message, ...Object.values(fields)].join(" "), fields)
    this.noticeTarget.focus()
  }

  #show(message, fields = {}) {
    this.noticeTarget.hidden = !message
    this.messageTarget.textContent = message
    for (const error of this.errorTargets) {
      const reason = fields[error.dataset.field] ?? ""
      error.hidden = !reason
      error.lastElementChild.textContent = reason
      const input = this.element.querySelector(`[aria-describedby~="${error.id}"]`)
      input.ariaInvalid = Boolean(reason)
    }
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
  start(event) {
    if (this.element.ariaBusy === "true") {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
    this.element.ariaBusy = true
  }

  stop() {
    this.element.ariaBusy = false
  }
}

// What is typed into a secret input can be looked at; it is never sent or kept as open text.
class Reveal extends Controller {
  static targets = ["input", "button", "label"]

  connect() {
    this.buttonTarget.hidden = false
    this.inputTarget.form.addEventListener("submit", () => this.#show(false))
  }

  toggle() {
    this.#show(this.inputTarget.type === "password")
  }

  #show(open) {
    this.inputTarget.type = open ? "text" : "password"
    const [show, hide] = this.labelTargets
    show.hidden = open
    hide.hidden = !open
  }
}

class Draft extends Controller {
  static targets = ["text"]

  connect() {
    for (const text of this.textTargets) {
      text.value ||= sessionStorage.getItem(text.dataset.draft) ?? ""
    }
  }

  keep({ target }) {
    if (target.dataset.draft) sessionStorage.setItem(target.dataset.draft, target.value)
  }

  drop() {
    for (const text of this.textTargets) sessionStorage.removeItem(text.dataset.draft)
  }
}

// A file's input that takes a dropped file, too, and says at once what it holds.
class Drop extends Controller {
  static targets = ["file", "hint", "chosen"]
  static values = { limit: Number }

  connect() {
    this.hintTarget.hidden = false
    this.show()
  }

  over(event) {
    if (!event.dataTransfer.types.includes("Files")) return
    event.preventDefault()
    this.element.dataset.over = true
  }

  leave({ relatedTarget }) {
    if (!this.element.contains(relatedTarget)) delete this.element.dataset.over
  }

  take(event) {
    event.preventDefault()
    delete this.element.dataset.over
    const one = new DataTransfer()
    for (const file of [...event.dataTransfer.files].slice(0, 1)) one.items.add(file)
    if (!one.files.length) return
    this.fileTarget.files = one.files
    for (const type of ["input", "change"]) {
      this.fileTarget.dispatchEvent(new Event(type, { bubbles: true }))
    }
    this.fileTarget.focus()
  }

  show() {
    const [file] = this.fileTarget.files
    const chosen = this.chosenTarget
    const large = file?.size > this.limitValue
    chosen.hidden = !file
    chosen.classList.toggle("short", large)
    if (file) {
      const name = `\u2068${file.name}\u2069` // by itself, whichever way it is written
      const data = { name, size: fileSize(file.size), limit: fileSize(this.limitValue) }
      chosen.textContent = (large ? chosen.dataset.large : chosen.dataset.fits).replace(
        /\{(\w+)\}/g, (_, key) => data[key],
      )
      announce(chosen.textContent)
    }
    this.fileTarget.setCustomValidity(large ? chosen.textContent : "")
  }
}

class Amount extends Controller {
  static targets = ["number", "range", "reveal", "preset", "tier"]

  connect() {
    for (const target of this.revealTargets) target.hidden = false
    this.show({ target: this.numberTarget })
  }

  preset({ currentTarget }) {
    setInput(this.numberTarget, currentTarget.value)
  }

  show({ target }) {
    const [chosen, range] = [this.numberTarget, this.rangeTarget]
    if (target === range) chosen.value = range.value
    if (!chosen.validity.valid) return
    if (range) range.value = chosen.value
    fill(this.element, { dollars: chosen.valueAsNumber })
    for (const each of this.presetTargets) each.ariaPressed = each.value === chosen.value
    const tier = this.tierTargets.findLast((each) => each.dataset.from <= chosen.valueAsNumber)
    for (const each of this.tierTargets) each.hidden = each !== tier
  }
}

class Poll extends Controller {
  static targets = ["outcome"]
  static values = { url: String, delays: String, slow: String, before: String }

  async connect() {
    for (const seconds of this.delaysValue.split(" ")) {
      await new Promise((done) => setTimeout(done, seconds * 1000))
      const response = await ask(this.urlValue)
      const found = response?.ok ? await response.json().catch(() => ({})) : {}
      if (found.status === this.beforeValue) continue
      if (this.#show(found.status, found)) return balance.refresh()
    }
    this.#show(this.slowValue, {})
  }

  #show(status, found) {
    const fits = (each) => each.dataset.statuses.split(" ").includes(status)
    const outcome = this.outcomeTargets.find(fits)
    if (!outcome?.hidden) return false
    fill(outcome, found)
    const focused = this.element.contains(document.activeElement)
    for (const each of this.outcomeTargets) each.hidden = each !== outcome
    if (focused) outcome.focus()
    announce(outcome.querySelector("h2").textContent)
    return true
  }
}

// Days and months as the reader's browser has them, in the page's language.
const region = navigator.languages.find((each) => each.split("-")[0] === language) ?? language
const moments = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" })

class LocalTime extends Controller {
  connect() {
    this.element.title = this.element.textContent
    this.element.textContent = moments.format(new Date(this.element.dateTime))
  }
}

class Zone extends Controller {
  static values = { cookie: String }

  connect() {
    const kept = `${this.cookieValue}=${moments.resolvedOptions().timeZone}`
    if (document.cookie.split("; ").includes(kept)) return
    const secure = location.protocol === "https:" ? "; secure" : ""
    document.cookie = `${kept}; path=/; max-age=31536000; samesite=lax${secure}`
  }
}

start({
  balance: Balance, remote: Remote, dialog: Dialog, busy: Busy, draft: Draft, drop: Drop,
  amount: Amount, poll: Poll, reveal: Reveal, "local-time": LocalTime, zone: Zone,
})
