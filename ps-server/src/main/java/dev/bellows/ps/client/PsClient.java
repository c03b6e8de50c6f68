package dev.bellows.ps.client;

import dev.bellows.ps.shard.PartSums;
import dev.bellows.ps.shard.TreeSum;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A training task's side of the parameter server.
 *
 * <pre>{@code
 * TreeSum sums = new TreeSum(slices, layout.length());
 * try (PsClient ps = PsClient.open(options, connector)) {
 *   ps.pull(parameters);                       // version ps.version()
 *   while (ps.version() < lastStep) {
 *     for (int slice = from; slice < to; slice++) {
 *       ... compute the slice's gradient at step ps.version() ...
 *       sums.add(slice, gradient, scalars, finite);
 *     }
 *     ps.pushPull(sums, parameters);           // parameters are now version ps.version(), one larger
 *     sums.clear();
 *   }
 * }
 * }</pre>
 *
 * <p>All calls come from one thread. Waits end with an answer, with {@link PsTimeoutException}
 * naming who is late, with {@link StaleException} when this task was replaced, with {@link
 * DivergedException}, or with a {@code PsException} whose code says what to do ({@code CANCELLED},
 * {@code CONNECTION_LOST}, {@code NO_SUCH_NAMESPACE}, {@code STEP_AHEAD}, ...). Lost connections
 * are reopened and requests sent again with the same keys until the step deadline.
 */
public final class PsClient implements AutoCloseable {
  private final ClientOptions options;
  private final TaskSession session;
  private final LongSupplier nanoTime;
  private final Waiting.Operation advance;
  private long waitedNanos;
  private @Nullable PartSums parts;
  private @Nullable Destination destination;

  /** Where the last parameters went, mostly where the next ones go. */
  private float @Nullable [] lastArray;

  private @Nullable Destination lastDestination;

  private PsClient(ClientOptions options, Connector connector, LongSupplier nanoTime) {
    this.options = options;
    this.session = new TaskSession(options, connector);
    this.nanoTime = nanoTime;
    this.advance = session::advance;
  }

  /** Connects, joins all shards and learns the version to work on. */
  public static PsClient open(ClientOptions options, Connector connector) {
    PsClient client = new PsClient(options, connector, System::nanoTime);
    try {
      client.session.startJoin(client.nanoTime.getAsLong());
      client.await();
      return client;
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /**
   * The step to compute next: the version of the parameters last read, or, before the first {@link
   * #pull}, the one to read.
   */
  public long version() {
    return session.version();
  }

  /**
   * Reads the whole vector at {@link #version}.
   *
   * @param parameters [length], overwritten
   */
  public void pull(float[] parameters) {
    session.checkLength(parameters.length);
    pull(into(parameters));
  }

  /** Reads the whole vector at {@link #version} into a destination. */
  public void pull(Destination parameters) {
    session.startPull(parameters, nanoTime.getAsLong());
    await();
  }

  /**
   * Pushes this task's sums for step {@link #version} and waits for the parameters of the next
   * version.
   *
   * @param sums exactly the slices this task owns, perhaps none; not changed, must not be changed
   *     until this returns
   * @param parameters [length], overwritten; undefined after an exception
   */
  public void pushPull(TreeSum sums, float[] parameters) {
    session.checkLength(parameters.length);
    pushPull(sums, into(parameters));
  }

  /** The same with another place for the parameters; see {@link #pushPull(TreeSum, float[])}. */
  public void pushPull(TreeSum sums, Destination parameters) {
    session.startPushPull(sums, parameters, nanoTime.getAsLong());
    await();
  }

  /**
   * Begins to push step {@link #version} part by part while it is still computed:
   *
   * <pre>{@code
   * PartSums sums = new PartSums(slices, options.map());
   * ps.begin(sums, parameters);
   * ps.push(last); ... ps.push(0);   // each part once, as it is ready
   * ps.pushed();                     // all parts have been pushed
   * ps.await(0); ... ps.await(last); // each part before it is read
   * ps.finish();                     // before sums change; version() is one larger from here on
   * }</pre>
   *
   * <p>A part's next version is put into the destination when its update is done, at any time after
   * its {@link #push}. Where the step needs the agreement of all shards (a clipped norm, steps that
   * may be left out), that is after {@link #pushed}.
   *
   * @param sums exactly the slices this task owns; what was pushed of them must not change before
   *     {@link #finish} returns
   * @param parameters where the next version goes, on any thread
   */
  public void begin(PartSums sums, Destination parameters) {
    session.checkLength(sums.length());
    session.startParts(sums.parts(), nanoTime.getAsLong());
    parts = sums;
    destination = parameters;
  }

  /** Pushes a part of the step begun; does not wait. */
  public void push(int part) {
    PartSums sums = parts;
    Destination to = destination;
    if (sums == null || to == null) {
      throw new IllegalStateException("no step was begun");
    }
    session.push(sums, part, to, nanoTime.getAsLong());
  }

  /** Says that all parts have been pushed: the step's deadline counts from here. */
  public void pushed() {
    session.pushed(nanoTime.getAsLong());
    parts = null;
    destination = null;
  }

  /** Waits for the next version of a part. Fails as {@link #pushPull(TreeSum, float[])} does. */
  public void await(int part) {
    if (!session.arrived(part)) {
      session.watch(part);
      waitUntil(now -> session.advance(now) || session.arrived(part));
    }
  }

  /** Waits for all parts. */
  public void finish() {
    await();
  }

  /**
   * With compression: what this task's units had not sent yet when {@link #version} began. To be
   * called before the first {@link #pushPull}; from then on this client keeps them.
   *
   * @param unitFrom first unit of the task
   * @param unitTo one past the last
   * @param ofUnit residual of a unit [length], copied; null for zeros
   */
  public void loadResiduals(int unitFrom, int unitTo, IntFunction<float @Nullable []> ofUnit) {
    units().load(version(), unitFrom, unitTo, ofUnit);
  }

  /** With compression: whether the residuals of {@link #version} are here. */
  public boolean hasResiduals() {
    return units().residualsAt() == version();
  }

  /** What a unit of this task has not sent yet [length]; borrowed. */
  public float[] residual(int unit) {
    float[] residual = units().residual(unit);
    if (residual == null) {
      throw new IllegalStateException("unit " + unit + " was not loaded");
    }
    return residual;
  }

  private CodedUnits units() {
    CodedUnits units = session.coded();
    if (units == null) {
      throw new IllegalStateException("this client has no compression");
    }
    return units;
  }

  private Destination into(float[] parameters) {
    Destination destination = lastDestination;
    if (destination == null || lastArray != parameters) {
      destination = Destination.of(parameters);
      lastDestination = destination;
      lastArray = parameters;
    }
    return destination;
  }

  private void await() {
    waitUntil(advance);
  }

  private void waitUntil(Waiting.Operation operation) {
    waitedNanos += Waiting.until(operation, session.calls(), options, nanoTime);
  }

  /** Nanoseconds spent inside {@link #pull} and {@link #pushPull} so far. */
  public long waitedNanos() {
    return waitedNanos;
  }

  /** Float payload bytes sent and received so far. */
  public long payloadBytes() {
    return session.calls().payloadBytes();
  }

  @Override
  public void close() {
    session.close();
  }
}
