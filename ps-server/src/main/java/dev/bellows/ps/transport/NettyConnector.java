package dev.bellows.ps.transport;

import dev.bellows.ps.client.Connection;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.Receiver;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.protocol.FloatScratch;
import dev.bellows.ps.protocol.PsErrorCode;
import dev.bellows.ps.protocol.PsException;
import io.netty.channel.EventLoopGroup;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * Opens authenticated connections to {@link ShardHost}s. A connection belongs to one of a few
 * daemon threads (one for every four processors); its answers are decoded there and handed to its
 * receiver.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is seen
public final class NettyConnector implements Connector {

  private static final int CLOSE_SECONDS = 5;
  private static final int MAX_THREADS = 4;

  /** The system's words for a connection that finds no ephemeral port. */
  private static final String NO_LOCAL_ADDRESS = "Cannot assign requested address";

  private final ConnectorOptions options;
  private final EventLoopGroup group;
  private final SecureRandom random = new SecureRandom();
  private final LongSupplier nanoTime;

  /** Starts the threads. */
  public NettyConnector(ConnectorOptions options) {
    this(options, System::nanoTime);
  }

  NettyConnector(ConnectorOptions options, LongSupplier nanoTime) {
    this.options = options;
    this.nanoTime = nanoTime;
    int threads =
        Math.max(1, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors() / 4));
    this.group = EventLoops.of("bellows-ps-client", threads);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Without a secret only loopback addresses are connected to: the model is sent to nobody who
   * has not proven the secret.
   */
  @Override
  public Connection connect(ShardAddress address, Receiver receiver) {
    InetAddress host = resolve(address);
    if (!options.secret().isPresent() && !host.isLoopbackAddress()) {
      throw new PsException(
          PsErrorCode.NOT_AUTHENTICATED,
          "refusing to connect to "
              + address
              + " without a secret; either use a loopback address, or set a secret"
              + " (spark.authenticate=true with spark.authenticate.secret)");
    }
    ClientConnection connection =
        new ClientConnection(address, receiver, options, FloatScratch.reusing(), nanoTime);
    ClientOpening opening =
        ClientOpening.start(
            group, options, random, new InetSocketAddress(host, address.port()), connection);
    try {
      opening.opened().get(options.connectTimeoutMs(), TimeUnit.MILLISECONDS);
      connection.start();
      return connection;
    } catch (ExecutionException e) {
      opening.tcp().channel().close();
      throw failed(address, host, e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      opening.tcp().channel().close();
      throw new PsException(
          PsErrorCode.CONNECTION_LOST,
          "no connection to "
              + address
              + " within "
              + options.connectTimeoutMs()
              + " ms"
              + resolved(address, host),
          e);
    } catch (InterruptedException e) {
      opening.tcp().channel().close();
      Thread.currentThread().interrupt();
      throw new PsException(PsErrorCode.CANCELLED, "interrupted while connecting to " + address, e);
    }
  }

  /** Closes what is still open and ends the threads; idempotent. */
  @Override
  public void close() {
    group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS);
    group.terminationFuture().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
  }

  private static InetAddress resolve(ShardAddress address) {
    try {
      return InetAddress.getByName(address.host());
    } catch (UnknownHostException e) {
      throw new PsException(
          PsErrorCode.CONNECTION_LOST,
          "the host name of " + address + " is not known on this machine",
          e);
    }
  }

  private static PsException failed(ShardAddress address, InetAddress host, Throwable cause) {
    PsErrorCode code = PsErrorCode.CONNECTION_LOST;
    if (cause instanceof HandshakeException handshake) {
      code =
          switch (handshake.reason()) {
            case REFUSED, ENCRYPTION -> PsErrorCode.NOT_AUTHENTICATED;
            case VERSION, NOT_BELLOWS -> PsErrorCode.BAD_VERSION;
          };
    }
    String advice =
        String.valueOf(cause.getMessage()).contains(NO_LOCAL_ADDRESS)
            ? "; this machine may have no free port left (net.ipv4.ip_local_port_range)"
            : cause instanceof ConnectException ? resolved(address, host) : "";
    return new PsException(
        code,
        "cannot connect to " + address + ": " + String.valueOf(cause.getMessage()) + advice,
        cause);
  }

  /** Row 28 of the fault matrix: which address a name led to, as another machine may differ. */
  private static String resolved(ShardAddress address, InetAddress host) {
    String found = host.getHostAddress();
    return address.host().equals(found)
        ? ""
        : "; the name "
            + address.host()
            + " leads to "
            + found
            + " here: if the server listens on another address, mend the name (/etc/hosts, DNS)"
            + " or set SPARK_LOCAL_IP where the server runs";
  }
}
