// A shared library in onnxruntime's place: its table has what the embedding library uses, and its
// network repeats pixels. What a test may ask of it stands here.
#pragma once

#include <cstdint>

// Everything else in this build is hidden.
#pragma GCC visibility push(default)
extern "C" {

// Objects that were made and not released yet, but for environments and memory infos, of which the
// library keeps one of each.
int64_t StubLiveObjects();

// Lets the call that comes after `calls` others fail once, of those that return a status; -1: none.
void StubFailAfter(int64_t calls);
// Whether that call came.
bool StubFailed();

// Called in the middle of every run, on its thread; null: nothing.
void StubSetOnRun(void (*function)(void*), void* data);

// Runs so far.
int64_t StubRuns();

// Whether telemetry was switched off for every environment.
bool StubTelemetryIsOff();
}
#pragma GCC visibility pop
