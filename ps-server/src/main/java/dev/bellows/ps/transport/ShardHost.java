package dev.bellows.ps.transport;

import dev.bellows.ps.protocol.FrameHeader;
import dev.bellows.ps.server.ServerTotals;
import dev.bellows.ps.server.ShardServer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one {@link ShardServer} over TCP. One event loop thread accepts, authenticates, decodes,
 * runs the state machine and encodes, so that the state machine needs no lock and an answer no hand
 * over.
 *
 * <p>Starting fails closed: without a secret only loopback addresses are bound.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
public final class ShardHost implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ShardHost.class);
  private static final int RANDOM_BYTES = 32;
  private static final int TICK_MS = 1_000;
  private static final int CLOSE_SECONDS = 5;
  private static final int LOW_WATER_BYTES = 1 << 20;
  private static final int HIGH_WATER_BYTES = 4 << 20;

  private final EventLoopGroup group;
  private final Channel listener;
  private final ShardLoop loop;
  private final TransportCounters counters;
  private final InetSocketAddress address;

  private ShardHost(
      EventLoopGroup group, Channel listener, ShardLoop loop, TransportCounters counters) {
    this.group = group;
    this.listener = listener;
    this.loop = loop;
    this.counters = counters;
    this.address = (InetSocketAddress) listener.localAddress();
  }

  /**
   * Binds and serves until {@link #close}.
   *
   * @param options where and how
   * @param server from now on called by this host's event loop thread only
   * @throws ShardHostException when it can't listen there; no thread is left behind
   */
  public static ShardHost start(HostOptions options, ShardServer server) throws ShardHostException {
    return start(options, server, System::nanoTime);
  }

  static ShardHost start(HostOptions options, ShardServer server, LongSupplier nanoTime)
      throws ShardHostException {
    InetAddress bindAddress = checkedAddress(options);
    TransportCounters counters = new TransportCounters();
    EventLoopGroup group = EventLoops.single("bellows-shard-host");
    ShardLoop loop =
        new ShardLoop(server, group, options, counters, new QuietLog(LOG, nanoTime), nanoTime);
    try {
      Channel listener = bind(bootstrap(group, options, loop), bindAddress, options);
      ShardHost host = new ShardHost(group, listener, loop, counters);
      int tickMs = Math.min(TICK_MS, options.heartbeatMs());
      listener
          .eventLoop()
          .scheduleWithFixedDelay(loop::tick, tickMs, tickMs, TimeUnit.MILLISECONDS);
      return host;
    } catch (ShardHostException e) {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw e;
    }
  }

  /** Returns the address that is bound, with the port that was found. */
  public InetSocketAddress address() {
    return address;
  }

  /** Returns the port that is bound. */
  public int port() {
    return address.getPort();
  }

  /** Returns a counter. */
  public long counter(TransportCounter counter) {
    return counters.get(counter);
  }

  /** Returns all counters. */
  public Map<TransportCounter, Long> counters() {
    return counters.snapshot();
  }

  /** Returns what the server holds and has counted, about a second ago. */
  public ServerTotals totals() {
    return loop.totals();
  }

  /** Stops listening, closes all connections and ends the thread; idempotent. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    if (!group.isShuttingDown()) {
      group.execute(loop::closeAll);
    }
    group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
    if (!group.terminationFuture().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS)) {
      LOG.warn("the event loop of {} did not end within {} s", address, CLOSE_SECONDS);
    }
  }

  private static ServerBootstrap bootstrap(
      EventLoopGroup group, HostOptions options, ShardLoop loop) {
    Strangers strangers = new Strangers(options.maxUnauthenticated());
    SecureRandom random = new SecureRandom();
    return new ServerBootstrap()
        .group(group, group)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, 1024)
        .option(ChannelOption.SO_REUSEADDR, true)
        .handler(new AcceptFailures(loop.counters(), loop.log()))
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.SO_KEEPALIVE, true)
        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .childOption(
            ChannelOption.WRITE_BUFFER_WATER_MARK,
            new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES))
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                loop.counters().increment(TransportCounter.CONNECTIONS_OPENED);
                ReadRoom room = new ReadRoom();
                channel.config().setRecvByteBufAllocator(room);
                channel
                    .closeFuture()
                    .addListener(
                        closed -> loop.counters().increment(TransportCounter.CONNECTIONS_CLOSED));
                Handshake.Server handshake =
                    new Handshake.Server(
                        options.secret(),
                        options.mode(),
                        FrameHeader.VERSION,
                        randomBytes(random),
                        randomBytes(random));
                channel
                    .pipeline()
                    .addLast(
                        new ServerHandshakeHandler(
                            handshake,
                            strangers,
                            loop.counters(),
                            loop.log(),
                            options.handshakeTimeoutMs(),
                            ctx -> admit(ctx, handshake, loop, room)));
              }
            });
  }

  private static void admit(
      ChannelHandlerContext ctx, Handshake.Server handshake, ShardLoop loop, ReadRoom room) {
    RecordLayer records = handshake.records(loop.options().maxFrameBytes());
    if (records != null) {
      ctx.pipeline().addLast(records);
    }
    HostConnection connection = loop.admit(ctx.channel());
    room.admit(records == null ? connection.reader() : null);
    ctx.pipeline().addLast(connection);
  }

  private static Channel bind(ServerBootstrap bootstrap, InetAddress address, HostOptions options)
      throws ShardHostException {
    List<Integer> tried = new ArrayList<>();
    Throwable cause = null;
    int tries = options.port() == 0 ? 1 : options.portTries();
    for (int port = options.port(); port < options.port() + tries && port <= 65_535; port++) {
      ChannelFuture bound = bootstrap.bind(address, port).awaitUninterruptibly();
      if (bound.isSuccess()) {
        return bound.channel();
      }
      cause = bound.cause();
      tried.add(port);
      if (!(cause instanceof BindException) || !isInUse(cause)) {
        throw new ShardHostException(
            ShardHostException.Reason.CANNOT_BIND,
            "cannot listen on "
                + named(options, address)
                + ":"
                + port
                + ": "
                + String.valueOf(cause == null ? null : cause.getMessage())
                + "; give an address of this machine and a port that this user may bind",
            cause);
      }
    }
    throw new ShardHostException(
        ShardHostException.Reason.PORT_IN_USE,
        options.port() == 0
            ? "the system has no free port left on "
                + named(options, address)
                + ": give a port, close connections, or widen net.ipv4.ip_local_port_range"
            : "every port that was tried on "
                + named(options, address)
                + " is in use: "
                + tried
                + "; give another port, or 0 to let the system choose",
        cause);
  }

  /** The address, and the name that this machine resolved to it. */
  private static String named(HostOptions options, InetAddress address) {
    String found = address.getHostAddress();
    return options.bindHost().equals(found) ? found : options.bindHost() + " (" + found + ")";
  }

  private static boolean isInUse(Throwable cause) {
    return String.valueOf(cause.getMessage()).contains("in use");
  }

  /** Row 22 of the fault matrix: an open port needs a secret. */
  private static InetAddress checkedAddress(HostOptions options) throws ShardHostException {
    InetAddress address;
    try {
      address = InetAddress.getByName(options.bindHost());
    } catch (UnknownHostException e) {
      throw new ShardHostException(
          ShardHostException.Reason.CANNOT_BIND,
          "cannot listen on " + options.bindHost() + ": the name is not known on this machine",
          e);
    }
    if (!options.secret().isPresent() && !address.isLoopbackAddress()) {
      throw new ShardHostException(
          ShardHostException.Reason.NO_SECRET,
          "refusing to listen on "
              + options.bindHost()
              + " without a secret, anybody on the network could read and change the model: either"
              + " bind to 127.0.0.1, or set a secret (spark.authenticate=true with"
              + " spark.authenticate.secret, or let the driver make one for the run)",
          null);
    }
    return address;
  }

  private static byte[] randomBytes(SecureRandom random) {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return bytes;
  }
}
