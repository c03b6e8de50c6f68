/**
 * Frames over TCP: handshake, limits, back-pressure. The only package that names Netty.
 *
 * <p>In the order a connection passes through them: {@code ShardHost} accepts, {@code
 * ServerHandshakeHandler} checks the shared secret, {@code RecordLayer} decrypts where encryption
 * is on, {@code FrameReader} checks and cuts frames, the shard's state machine handles them on the
 * same event loop thread. {@code NettyConnector} is the other end.
 */
@NullMarked
package dev.bellows.ps.transport;

import org.jspecify.annotations.NullMarked;
