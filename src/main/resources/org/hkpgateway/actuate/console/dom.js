// Makes elements. Whatever comes from plugins or clients is text and nothing else: there is no way to make markup here.

export const byId = (id) => document.getElementById(id);

/** An element with properties, attributes in `attributes`, data in `data`, and children: elements or texts. */
export function el(name, properties = {}, ...children) {
	const element = document.createElement(name);
	const { attributes = {}, data = {}, ...rest } = properties;
	Object.assign(element, rest);
	Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
	Object.assign(element.dataset, data);
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

/** Sets a text only if it is another one, so that nobody is told of nothing. */
export function say(element, text) {
	if (element.textContent !== text) {
		element.textContent = text;
	}
}

export function show(element, visible) {
	if (element.hidden === visible) {
		element.hidden = !visible;
	}
}

export const time = (at) => new Date(at).toLocaleTimeString('en-GB');

export function number(value) {
	if (value === null || value === undefined) {
		return '–';
	}
	return value >= 100 || value === 0 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export const millis = (value) => (value === null || value === undefined ? '–' : `${number(value)} ms`);

export function span(seconds) {
	const whole = Math.max(0, Math.round(seconds));
	if (whole < 90) {
		return `${whole} s`;
	}
	if (whole < 90 * 60) {
		return `${Math.round(whole / 60)} min`;
	}
	return whole < 36 * 3600 ? `${Math.round(whole / 3600)} h` : `${Math.round(whole / 86400)} d`;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A line of the last minute, with a title for those who do not see it. */
export class Sparkline {

	constructor(name) {
		this.name = name;
		this.svg = document.createElementNS(SVG, 'svg');
		this.svg.setAttribute('viewBox', '0 0 120 28');
		this.svg.setAttribute('preserveAspectRatio', 'none');
		this.svg.setAttribute('class', 'spark');
		this.svg.setAttribute('aria-hidden', 'true');
		this.area = document.createElementNS(SVG, 'polygon');
		this.line = document.createElementNS(SVG, 'polyline');
		this.svg.append(this.area, this.line);
		this.values = [];
	}

	add(value) {
		this.values.push(value ?? 0);
		if (this.values.length > 60) {
			this.values.shift();
		}
		const most = Math.max(...this.values, Number.MIN_VALUE);
		// Of a page that was just opened the few that there are fill the width.
		const step = 120 / Math.max(15, this.values.length - 1);
		const points = this.values.map((each, at) => {
			const x = 120 - (this.values.length - 1 - at) * step;
			return `${x.toFixed(1)},${(26 - (each / most) * 24).toFixed(1)}`;
		});
		this.line.setAttribute('points', points.join(' '));
		const first = points[0].split(',')[0];
		this.area.setAttribute('points', `${first},27 ${points.join(' ')} 120,27`);
	}

}
