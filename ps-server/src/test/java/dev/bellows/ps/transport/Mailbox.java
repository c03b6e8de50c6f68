package dev.bellows.ps.transport;

import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.protocol.Message;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what a connection brings. */
final class Mailbox implements Receiver {

  private final BlockingQueue<String> arrived = new LinkedBlockingQueue<>();

  @Override
  public void receive(long requestId, Message answer) {
    arrived.add(requestId + " " + answer.opcode());
  }

  @Override
  public void closed(String reason) {
    arrived.add("closed: " + reason);
  }

  /** Returns the next event, or "nothing" after ten seconds. */
  String next() throws InterruptedException {
    String event = arrived.poll(10, TimeUnit.SECONDS);
    return event == null ? "nothing" : event;
  }

  boolean isEmpty() {
    return arrived.isEmpty();
  }
}
