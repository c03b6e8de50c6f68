package dev.bellows.jobs.cluster;

/** For tests: the driver's secret is another one than that of its executors from now on. */
public final class WrongSecret {
  private WrongSecret() {}

  public static void take() {
    ClusterSecret.renew();
  }
}
