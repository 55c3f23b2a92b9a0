package org.hkpgateway.proxy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.hkp.Unread;

/** Remembers what it was told. */
final class TestListener implements EdgeListener {

	final List<EdgeLimit> limits = new CopyOnWriteArrayList<>();

	final List<Integer> refusals = new CopyOnWriteArrayList<>();

	final List<Unread> unread = new CopyOnWriteArrayList<>();

	final AtomicInteger open = new AtomicInteger();

	@Override
	public void connectionRefused(Reason reason) {
	}

	@Override
	public void connectionOpened() {
		this.open.incrementAndGet();
	}

	@Override
	public void connectionClosed() {
		this.open.decrementAndGet();
	}

	@Override
	public void limited(EdgeLimit limit) {
		this.limits.add(limit);
	}

	@Override
	public void requestRefused(int status) {
		this.refusals.add(status);
	}

	@Override
	public void uploadUnread(Unread why) {
		this.unread.add(why);
	}

	LimitReport report() {
		return new LimitReport(this, ClientAddressSettings.Log.FULL, System::nanoTime);
	}

}
