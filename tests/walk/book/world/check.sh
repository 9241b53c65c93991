#!/bin/sh
# A gate between waves.
echo "looked at after $LINKWALK_WAVE"
