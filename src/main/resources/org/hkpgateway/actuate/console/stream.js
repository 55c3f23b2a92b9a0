// Server-sent events by fetch, because an EventSource cannot send the token that reads need beyond loopback.

const LONGEST_SILENCE = 10_000;

/** Reads until the end of the connection; throws with `status` if there is no stream. */
async function read(url, headers, onData, signal) {
	const answer = await fetch(url, { headers: { Accept: 'text/event-stream', ...headers }, signal, cache: 'no-store' });
	if (!answer.ok) {
		throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
	}
	const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
	let text = '';
	for (;;) {
		const { value, done } = await reader.read();
		if (done) {
			return;
		}
		text += value;
		let end = text.indexOf('\n\n');
		while (end >= 0) {
			const event = text.slice(0, end);
			text = text.slice(end + 2);
			end = text.indexOf('\n\n');
			const data = event.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
			onData(JSON.parse(data.join('\n')));
		}
	}
}

/** Reads for ever, and begins again when the connection ends or falls silent. */
export async function follow(url, headers, onData, onState) {
	for (let failures = 0;;) {
		const abort = new AbortController();
		let silence = 0;
		const heard = () => {
			clearTimeout(silence);
			silence = setTimeout(() => abort.abort(), LONGEST_SILENCE);
		};
		heard();
		let status = 0;
		try {
			let first = true;
			await read(url, headers(), (data) => {
				heard();
				failures = 0;
				onData(data, first);
				first = false;
			}, abort.signal);
		}
		catch (problem) {
			status = problem.status ?? 0;
		}
		clearTimeout(silence);
		onState(status);
		failures++;
		await new Promise((resume) => setTimeout(resume, Math.min(10_000, 500 * 2 ** failures)));
	}
}
